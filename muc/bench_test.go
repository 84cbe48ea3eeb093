package muc

import (
	"context"
	"fmt"
	"testing"

	"parley/conf"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// taker takes what goes to other servers.
type taker struct{ n int }

func (o *taker) Send(context.Context, *router.Packet) error {
	o.n++
	return nil
}

// crowd is a room that many users of other servers are in.
func crowd(b *testing.B, n int) (*Service, *taker, func(xml string)) {
	b.Helper()
	ctx := b.Context()
	db, err := store.Open(ctx, b.TempDir(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	c, err := conf.Parse("crowd", "domains = [\"a.lit\"]\n[rooms]\ncreate = \"anyone\"\n"+
		"occupants = 100000\nrate = 1000000\nburst = 1000000\n")
	if err != nil {
		b.Fatal(err)
	}
	out, service := new(taker), New()
	r := router.New(router.Options{Store: db, Config: c, Out: out})
	r.AddHost(fuzzHost, false, service)
	line := r.NewLine(router.Remote)
	send := func(xml string) {
		if err := line.Put(ctx, stanza.MustParse(xml)); err != nil {
			b.Fatal(err)
		}
		if err := line.Flush(ctx); err != nil {
			b.Fatal(err)
		}
	}
	send(enters(0))
	fill(b, service, n)
	return service, out, send
}

func enters(n int) string {
	return fmt.Sprintf("<presence from='u%d@b.lit/x' to='%s/n%d'><x xmlns='%s'/></presence>", n, fuzzRoom, n, nsMUC)
}

// fill seats users without telling anybody.
func fill(b *testing.B, service *Service, n int) {
	b.Helper()
	jid, err := stanza.ParseJID(fuzzRoom)
	if err != nil {
		b.Fatal(err)
	}
	err = service.with(b.Context(), jid, false, func(r *Room) error {
		for i := 1; i < n; i++ {
			st := stanza.MustParse(enters(i))
			r.newSeat(&router.Packet{Stanza: st, From: st.From, To: st.To}, fmt.Sprintf("n%d", i))
		}
		return nil
	}, stanza.ItemNotFound)
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkEnter is somebody who enters a room and leaves it: 2 presences for
// each that is inside and one more. What one of them costs must not depend on
// how many there are.
func BenchmarkEnter(b *testing.B) {
	for _, n := range []int{50, 500, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			_, out, send := crowd(b, n)
			before := out.n
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				send(enters(n))
				send(fmt.Sprintf("<presence from='u%d@b.lit/x' to='%s/n%d' type='unavailable'/>", n, fuzzRoom, n))
			}
			sent := out.n - before
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(sent), "ns/presence")
			b.ReportMetric(float64(sent)/float64(b.N), "presences/op")
		})
	}
}

// BenchmarkSpeak is a message to all in a room.
func BenchmarkSpeak(b *testing.B) {
	for _, n := range []int{50, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			service, out, send := crowd(b, n)
			before := out.n
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				send("<message from='u0@b.lit/x' to='" + fuzzRoom + "' type='groupchat'><body>x</body></message>")
			}
			quiet(service)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(out.n-before), "ns/delivery")
		})
	}
}

// quiet waits until all is sent.
func quiet(service *Service) {
	for _, r := range service.loaded() {
		for !r.out.idle() {
		}
	}
}
