package main

import (
	"strings"
	"testing"
	"time"
)

// TestJudge: what is lost, doubled or disordered is noticed.
func TestJudge(t *testing.T) {
	now := time.Now()
	for _, tc := range []struct {
		name   string
		kind   string // of the sender's server
		change func(*flow)
		want   string // "" is a good flow
	}{
		{"all arrive", "parley", func(*flow) {}, ""},
		{"one comes back", "parley", func(f *flow) {
			f.letters[3].arrived, f.letters[3].returned = 0, "remote-server-timeout"
		}, ""},
		{"one is lost", "parley", func(f *flow) { f.letters[3].arrived = 0 }, "1 messages"},
		{"one that was not accepted is lost", "parley", func(f *flow) {
			f.letters[3].arrived, f.letters[3].number = 0, 100
		}, ""},
		{"one arrives twice", "parley", func(f *flow) { f.letters[3].arrived = 2 }, "1 arrived twice"},
		{"one arrives late", "parley", func(f *flow) { f.behind = 1 }, "1 out of order"},
		{"a peer loses what was under way", "prosody", func(f *flow) { f.letters[3].arrived = 0 }, ""},
		{"a peer loses another", "prosody", func(f *flow) {
			f.letters[3].arrived, f.letters[3].at = 0, now.Add(-time.Minute)
		}, "1 messages"},
		{"nothing arrives", "parley", func(f *flow) {
			for _, l := range f.letters {
				l.arrived, l.returned = 0, "remote-server-timeout"
			}
		}, "hardly anything"},
	} {
		victim := &server{kind: tc.kind}
		f := newFlow("there", &user{srv: victim}, &user{srv: &server{kind: "x"}}, 10, 0)
		s := &stream{acked: 50}
		for i, l := range f.letters {
			l.at, l.session, l.number, l.arrived = now, s, i+1, 1
		}
		tc.change(f)
		err := judge(f, victim, now, now)
		if (err == nil) != (tc.want == "") || (err != nil && !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}
