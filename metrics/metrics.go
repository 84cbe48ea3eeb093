// Package metrics counts what an administrator wants to watch and writes it in
// Prometheus' text format. It imports nothing of ours and keeps no global
// state: server makes one Set and hands it to those who count. All methods
// work on a nil Set, which counts nothing.
package metrics

import (
	"io"
	"sync/atomic"

	vm "github.com/VictoriaMetrics/metrics"
)

// kinds is the number of kinds of stanza. The index is the value of
// stanza.Kind, which this package cannot import: other, message, presence, iq.
const kinds = 4

// Set holds the counters of one server.
type Set struct {
	set *vm.Set

	in, out     [kinds]*vm.Counter
	panics      *vm.Counter
	lost        *vm.Counter
	connections atomic.Int64
	sessions    atomic.Int64
	detached    atomic.Int64
	queue       atomic.Int64
	accepted    *vm.Counter
	commit      *vm.Histogram
	batch       *vm.Histogram
	failed      *vm.Counter
}

// New makes a set with everything at zero.
func New() *Set {
	v := vm.NewSet()
	s := &Set{
		set:      v,
		panics:   v.NewCounter("parley_handler_panics_total"),
		lost:     v.NewCounter("parley_queue_overflows_total"),
		accepted: v.NewCounter("parley_connections_accepted_total"),
		commit:   v.NewHistogram("parley_store_commit_seconds"),
		batch:    v.NewHistogram("parley_store_batch_size"),
		failed:   v.NewCounter("parley_store_failed_commits_total"),
	}
	for k, name := range [kinds]string{"other", "message", "presence", "iq"} {
		s.in[k] = v.NewCounter(`parley_stanzas_in_total{kind="` + name + `"}`)
		s.out[k] = v.NewCounter(`parley_stanzas_out_total{kind="` + name + `"}`)
	}
	v.NewGauge("parley_connections", gauge(&s.connections))
	v.NewGauge("parley_sessions", gauge(&s.sessions))
	v.NewGauge("parley_sessions_detached", gauge(&s.detached))
	v.NewGauge("parley_queue_bytes", gauge(&s.queue))
	return s
}

func gauge(v *atomic.Int64) func() float64 {
	return func() float64 { return float64(v.Load()) }
}

// Write writes all values in Prometheus' text format, those of the Go runtime
// and of the process too.
func (s *Set) Write(w io.Writer) {
	if s == nil {
		return
	}
	s.set.WritePrometheus(w)
	vm.WriteProcessMetrics(w)
}

// ConnectionOpened counts a connection that was accepted.
func (s *Set) ConnectionOpened() {
	if s != nil {
		s.accepted.Inc()
		s.connections.Add(1)
	}
}

// ConnectionClosed is told of each connection that was opened.
func (s *Set) ConnectionClosed() {
	if s != nil {
		s.connections.Add(-1)
	}
}

// Sessions adds n to the number of bound sessions.
func (s *Set) Sessions(n int) {
	if s != nil {
		s.sessions.Add(int64(n))
	}
}

// Detached adds n to the number of bound sessions that wait for their clients to
// come back.
func (s *Set) Detached(n int) {
	if s != nil {
		s.detached.Add(int64(n))
	}
}

// Login counts one attempt to log in. Both texts become label values: give
// them from a fixed list, never from what a client sent.
func (s *Set) Login(mechanism, result string) {
	if s != nil {
		s.set.GetOrCreateCounter(`parley_logins_total{mechanism="` + mechanism +
			`",result="` + result + `"}`).Inc()
	}
}

// Server counts one try to have a stream with another server: its direction
// ("in" or "out") and its result, both from a fixed list.
func (s *Set) Server(direction, result string) {
	if s != nil {
		s.set.GetOrCreateCounter(`parley_s2s_streams_total{direction="` + direction +
			`",result="` + result + `"}`).Inc()
	}
}

// Remote counts n stanzas from or to other servers, by what became of them: a
// text from a fixed list.
func (s *Set) Remote(direction, result string, n int) {
	if s != nil && n > 0 {
		s.set.GetOrCreateCounter(`parley_s2s_stanzas_total{direction="` + direction +
			`",result="` + result + `"}`).Add(n)
	}
}

// Watch adds a value that is read when it is asked for.
func (s *Set) Watch(name string, value func() float64) {
	if s != nil {
		s.set.NewGauge(name, value)
	}
}

// StanzaIn counts a stanza read from a stream; kind is a stanza.Kind.
func (s *Set) StanzaIn(kind uint8) {
	if s != nil && kind < kinds {
		s.in[kind].Inc()
	}
}

// StanzaOut counts a stanza queued for a session or another server.
func (s *Set) StanzaOut(kind uint8) {
	if s != nil && kind < kinds {
		s.out[kind].Inc()
	}
}

// Queue adds n to the bytes that wait in the sessions' queues.
func (s *Set) Queue(n int) {
	if s != nil {
		s.queue.Add(int64(n))
	}
}

// Overflow counts a session closed because its queue was full.
func (s *Set) Overflow() {
	if s != nil {
		s.lost.Inc()
	}
}

// Panic counts a handler that panicked: always a defect of this program.
func (s *Set) Panic() {
	if s != nil {
		s.panics.Inc()
	}
}

// Commit counts one group commit of the store: the functions in it, how long
// it took, and how it ended.
func (s *Set) Commit(batch int, seconds float64, err error) {
	if s == nil {
		return
	}
	s.batch.Update(float64(batch))
	s.commit.Update(seconds)
	if err != nil {
		s.failed.Inc()
	}
}
