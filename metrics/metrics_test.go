package metrics

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func use(s *Set) {
	s.ConnectionOpened()
	s.ConnectionOpened()
	s.ConnectionClosed()
	s.Sessions(2)
	s.Sessions(-1)
	s.Login("PLAIN", "ok")
	s.Login("PLAIN", "ok")
	s.Login("PLAIN", "not-authorized")
	s.Server("in", "dialback")
	s.Server("out", "timeout")
	s.Server("out", "timeout")
	s.Remote("out", "confirmed", 3)
	s.Remote("out", "returned", 0)
	s.Watch("parley_s2s_unconfirmed", func() float64 { return 5 })
	s.StanzaIn(1)
	s.StanzaIn(200) // no kind: not counted
	s.StanzaOut(3)
	s.Queue(100)
	s.Queue(-40)
	s.Overflow()
	s.Panic()
	s.Commit(7, 0.001, nil)
	s.Commit(1, 0.001, errors.New("disk"))
}

func TestSet(t *testing.T) {
	s := New()
	use(s)
	var b bytes.Buffer
	s.Write(&b)
	got := "\n" + b.String()
	for _, want := range []string{
		"parley_connections 1", "parley_connections_accepted_total 2", "parley_sessions 1",
		`parley_logins_total{mechanism="PLAIN",result="ok"} 2`,
		`parley_logins_total{mechanism="PLAIN",result="not-authorized"} 1`,
		`parley_s2s_streams_total{direction="in",result="dialback"} 1`,
		`parley_s2s_streams_total{direction="out",result="timeout"} 2`,
		`parley_s2s_stanzas_total{direction="out",result="confirmed"} 3`,
		"parley_s2s_unconfirmed 5",
		`parley_stanzas_in_total{kind="message"} 1`, `parley_stanzas_in_total{kind="iq"} 0`,
		`parley_stanzas_out_total{kind="iq"} 1`, "parley_queue_bytes 60",
		"parley_queue_overflows_total 1", "parley_handler_panics_total 1",
		"parley_store_commit_seconds_count 2", "parley_store_batch_size_sum 8",
		"parley_store_failed_commits_total 1", "go_goroutines",
	} {
		if !strings.Contains(got, "\n"+want) {
			t.Errorf("no %s", want)
		}
	}
}

// TestTwoSets: nothing is global.
func TestTwoSets(t *testing.T) {
	New()
	var b bytes.Buffer
	New().Write(&b)
	if !strings.Contains(b.String(), "parley_connections 0") {
		t.Error(b.String())
	}
}

// TestNil: a nil set counts nothing and writes nothing.
func TestNil(t *testing.T) {
	use(nil)
	var b bytes.Buffer
	(*Set)(nil).Write(&b)
	if b.Len() > 0 {
		t.Error(b.String())
	}
}
