package main

import (
	"maps"
	"slices"
	"testing"
)

// TestAcknowledged: what came on another stream, or after the <a/>, is not
// confirmed by it.
func TestAcknowledged(t *testing.T) {
	const log = "Nov 20 13:00:01 s2sin1\tdebug\tRECV: <message id='there-1' to='b@c'/>\n" +
		"Nov 20 13:00:01 s2sin2\tdebug\tRECV: <message id='there-2'/>\n" +
		"Nov 20 13:00:01 s2sin1\tdebug\tRECV: <message id='back-3'/>\n" +
		"Nov 20 13:00:02 s2sin1\tdebug\tSEND: <a h='2' xmlns='urn:xmpp:sm:3'/>\n" +
		"Nov 20 13:00:02 s2sin1\tdebug\tRECV: <message id='there-4'/>\n" +
		"no log line\n"
	got := slices.Sorted(maps.Keys(acknowledged(log, "there")))
	if !slices.Equal(got, []int{1}) {
		t.Errorf("confirmed are %v", got)
	}
}

// TestAnswered: the answer confirms what came before the ping, not what came
// between the two.
func TestAnswered(t *testing.T) {
	const log = `(tls|<0.5.0>) Received XML on stream = <<"<message id='there-1'/><message id='there-2'/>">>
(tls|<0.5.0>) Received XML on stream = <<"<iq type='get' id='p7' to='b'><ping xmlns='urn:xmpp:ping'/></iq>">>
(tls|<0.5.0>) Received XML on stream = <<"<message id='there-3'/>">>
(tls|<0.6.0>) Send XML on stream = <<"<iq type='result' id='p6'/>">>
`
	if got := answered(log, "there"); len(got) != 0 {
		t.Errorf("before the answer %v are confirmed", got)
	}
	got := slices.Sorted(maps.Keys(answered(log+
		`(tls|<0.6.0>) Send XML on stream = <<"<iq type='result' id='p7'/>">>`+"\n", "there")))
	if !slices.Equal(got, []int{1, 2}) {
		t.Errorf("confirmed are %v", got)
	}
}
