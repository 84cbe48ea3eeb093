package router

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/conf"
	"parley/stanza"
	"parley/store"
)

// TestBind holds RFC 6120 sections 7.6 and 7.7 as far as they are the
// account's: which resource a stream gets.
func TestBind(t *testing.T) {
	w := newWorldWith(t, "[limits]\nsessions = 3\n", store.Options{})
	a := w.account("juliet@a.lit")
	bind := func(wish string) (*Session, error) {
		return a.Bind(t.Context(), wish, &client{w: w, woken: make(chan struct{}, 1)})
	}
	s, err := bind("balcony")
	if err != nil || s.JID.String() != "juliet@a.lit/balcony" || s.Account != a || s.Host != w.h {
		t.Fatalf("%+v %v", s, err)
	}
	one, err := bind("")
	if err != nil || len(one.JID.Resource()) < 20 {
		t.Fatalf("%v %v", one, err)
	}
	if _, err := bind("\x01"); !errors.Is(err, stanza.BadRequest) {
		t.Errorf("a resource that cannot be prepared: %v", err)
	}
	two, err := bind("")
	if err != nil || two.JID == one.JID {
		t.Errorf("two sessions are %s: %v", two.JID, err)
	}
	if _, err := bind("more"); !errors.Is(err, stanza.ResourceConstraint) {
		t.Errorf("one too many: %v", err)
	}
	if got := a.Sessions(); !slices.Equal(got, []*Session{s, one, two}) {
		t.Errorf("sessions %v", got)
	}
	one.End(t.Context())
	if got := a.Sessions(); !slices.Equal(got, []*Session{s, two}) || a.Session(one.JID.Resource()) != nil {
		t.Errorf("sessions %v", got)
	}
	n := 0
	w.r.Sessions(func(*Session) bool { n++; return true })
	if n != 2 {
		t.Errorf("%d sessions in all", n)
	}
}

// TestConflict holds RFC 6120 section 7.7.2.2, Conflict, by both policies.
func TestConflict(t *testing.T) {
	var events []string
	note := module(func(h *Host) {
		h.OnBind(func(_ context.Context, s *Session) { events = append(events, "bind "+s.Addr()) })
		h.OnUnbind(func(_ context.Context, s *Session) { events = append(events, "unbind "+s.Addr()) })
	})
	w := newWorld(t, store.Options{}, note)
	a := w.account("juliet@a.lit")
	older := &client{w: w, woken: make(chan struct{}, 1), addr: "older"}
	newer := &client{w: w, woken: make(chan struct{}, 1), addr: "newer"}
	var err error
	if older.s, err = a.Bind(t.Context(), "balcony", older); err != nil {
		t.Fatal(err)
	}
	if newer.s, err = a.Bind(t.Context(), "balcony", newer); err != nil {
		t.Fatal(err)
	}
	if older.error() != stanza.StreamConflict || newer.error() != nil {
		t.Errorf("closed: older %v, newer %v", older.error(), newer.error())
	}
	older.send("<message/>") // is not heard any more
	newer.gets("")
	older.end()
	if got := strings.Join(events, ", "); got != "bind older, unbind older, bind newer" {
		t.Error(got)
	}
	if got := a.Sessions(); !slices.Equal(got, []*Session{newer.s}) {
		t.Errorf("sessions %v", got)
	}

	c, err := conf.Parse("test", "domains = ['a.lit']\n[c2s]\nconflict = 'older'\n")
	if err != nil {
		t.Fatal(err)
	}
	w.r.SetConfig(c)
	if _, err := a.Bind(t.Context(), "balcony", older); !errors.Is(err, stanza.Conflict) {
		t.Errorf("the older one stays: %v", err)
	}
	if newer.error() != nil {
		t.Error("closed", newer.error())
	}
}

// TestEndFinishes: a session ends when what its client sent is finished, and
// not later than its context allows.
func TestEndFinishes(t *testing.T) {
	g := newGate()
	unbound := make(chan struct{}, 1)
	w := newWorld(t, store.Options{BeforeCommit: g.wait}, module(keep), module(func(h *Host) {
		h.OnUnbind(func(context.Context, *Session) { unbound <- struct{}{} })
	}))
	juliet := w.login("juliet@a.lit/balcony", "0")
	romeo := w.login("romeo@a.lit/orchard", "0")
	release := g.hold()
	juliet.send("<message to='romeo@a.lit'><body>farewell</body></message>")
	<-g.held
	done := make(chan struct{})
	go func() {
		juliet.end()
		close(done)
	}()
	select {
	case <-unbound:
		t.Error("left before the line was empty")
	case <-time.After(20 * time.Millisecond):
	}
	release()
	<-done
	<-unbound
	if romeo.take() == "" {
		t.Error("not delivered")
	}

	nurse := w.login("nurse@a.lit/house", "0")
	release = g.hold()
	nurse.send("<message to='romeo@a.lit'><body>I come</body></message>")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	nurse.s.End(ctx)
	<-unbound
	release()
	if got := romeo.waits(); !strings.Contains(got, "I come") {
		t.Errorf("what was late is finished all the same: %s", got)
	}
}

// TestUnknownAccounts: stanzas to unknown addresses reach the store once, and
// somebody who has just registered is found.
func TestUnknownAccounts(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := w.login("juliet@a.lit/balcony", "0")
	missing := func() int {
		return len(w.r.accounts.shard("romeo@a.lit").missing)
	}
	message := func() string {
		juliet.send("<message to='romeo@a.lit/orchard'/>")
		return juliet.take()
	}
	if !strings.Contains(message(), "service-unavailable") || missing() != 1 {
		t.Error("romeo is not there")
	}
	if err := w.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.CreateAccount("romeo@a.lit", "x")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	w.r.Forget(stanza.MustJID("romeo@a.lit"))
	if missing() != 0 {
		t.Error("not forgotten")
	}
	w.r.accounts.shard("romeo@a.lit").missing["romeo@a.lit"] = 0
	romeo := w.login("romeo@a.lit/orchard", "0") // Account asks the store anew
	if message(); romeo.take() == "" {
		t.Error("romeo is there")
	}
	for _, bare := range []string{"nobody@a.lit", "a.lit", "x@b.lit", "x@chat.a.lit", "romeo@a.lit/x"} {
		if _, err := w.r.Account(t.Context(), stanza.MustJID(bare)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", bare, err)
		}
	}
	if w.r.Online(stanza.MustJID("nobody@a.lit")) != nil || w.r.Online(romeo.s.Account.JID) == nil {
		t.Error("Online")
	}
}

// TestLoadOnce: all who ask at the same time get the same account.
func TestLoadOnce(t *testing.T) {
	w := newWorld(t, store.Options{})
	w.account("romeo@a.lit")
	w.r.accounts.drop(w.r.Online(stanza.MustJID("romeo@a.lit")))
	var wg sync.WaitGroup
	got := make([]*Account, 16)
	for i := range got {
		wg.Go(func() { got[i], _ = w.r.Account(t.Context(), stanza.MustJID("romeo@a.lit")) })
	}
	wg.Wait()
	for _, a := range got {
		if a == nil || a != got[0] {
			t.Fatalf("%p and %p", a, got[0])
		}
	}
}

// TestSlot: a slot is loaded once for all who ask, again after a failure, and
// waiting for another's load ends with one's own context.
// TestAccountRow: who logs in gets what the store has now, and is in memory
// afterwards.
func TestAccountRow(t *testing.T) {
	w := newWorld(t, store.Options{})
	juliet := stanza.MustJID("juliet@a.lit")
	if _, err := w.r.AccountRow(t.Context(), juliet); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no such account: %v", err)
	}
	a := w.account("juliet@a.lit")
	w.r.accounts.drop(a)
	for _, verifier := range []string{"old", "new"} {
		err := w.r.Store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.SetVerifier(a.ID, verifier)
		})
		if err != nil {
			t.Fatal(err)
		}
		row, err := w.r.AccountRow(t.Context(), juliet)
		if err != nil || row.ID != a.ID || row.Verifier != verifier {
			t.Errorf("got %+v %v, want %q", row, err, verifier)
		}
		if now := w.r.Online(juliet); now == nil || now == a || now.ID != a.ID {
			t.Errorf("in memory is %v", now)
		}
	}
}

func TestSlot(t *testing.T) {
	r := New(Options{})
	a, b := &Account{ID: 1}, &Account{ID: 2}
	loads := 0
	var gate chan struct{}
	var fail error
	first := NewSlot(r, func(context.Context, *Account) (string, error) { return "first", nil })
	slot := NewSlot(r, func(ctx context.Context, a *Account) (*int64, error) {
		loads++
		if gate != nil {
			<-gate
		}
		return &a.ID, fail
	})
	if _, ok := slot.Peek(a); ok {
		t.Error("nothing is loaded")
	}
	gate = make(chan struct{})
	var wg sync.WaitGroup
	got := make([]*int64, 8)
	for i := range got {
		wg.Go(func() { got[i], _ = slot.Get(t.Context(), a) })
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for { // until a load is under way
		a.mu.Lock()
		c := a.grow(2)[1]
		flying := c != nil && c.flight != nil
		a.mu.Unlock()
		if flying {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := slot.Get(ctx, a); !errors.Is(err, context.Canceled) {
		t.Errorf("waited without end: %v", err)
	}
	close(gate)
	wg.Wait()
	for _, v := range got {
		if v != &a.ID {
			t.Errorf("got %v", v)
		}
	}
	if v, ok := slot.Peek(a); !ok || v != &a.ID || loads != 1 {
		t.Errorf("peek %v %v after %d loads", v, ok, loads)
	}
	fail = errors.New("no")
	if _, err := slot.Get(t.Context(), b); err != fail {
		t.Error(err)
	}
	fail = nil
	if v, err := slot.Get(t.Context(), b); err != nil || v != &b.ID {
		t.Error(v, err)
	}
	if v, err := first.Get(t.Context(), a); v != "first" || err != nil {
		t.Error(v, err)
	}
}

// TestSlotRetry: who waits for a load that ran out of its caller's time loads
// anew.
func TestSlotRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		a := &Account{}
		loads := 0
		slot := NewSlot(r, func(ctx context.Context, a *Account) (int, error) {
			if loads++; loads == 1 {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return 7, nil
		})
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { _, _ = slot.Get(short, a) }()
		synctest.Wait()
		if v, err := slot.Get(t.Context(), a); v != 7 || err != nil {
			t.Error(v, err)
		}
	})
}

// TestSweep: accounts without sessions go after some minutes without use.
func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		h := r.AddHost("a.lit", true)
		add := func(bare string) *Account {
			return r.accounts.keep(&Account{JID: stanza.MustJID(bare), Host: h})
		}
		idler, user, online := add("idle@a.lit"), add("used@a.lit"), add("online@a.lit")
		online.sessions.Store(&[]*Session{{}})
		r.accounts.shard("no@a.lit").missing["no@a.lit"] = r.accounts.clock.Load()
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error)
		go func() { ran <- r.Run(ctx) }()
		for range 10 {
			time.Sleep(time.Minute)
			synctest.Wait()
			if r.Online(user.JID) != user {
				t.Fatal("an account in use is gone")
			}
		}
		if a := r.accounts.shard("idle@a.lit").accounts["idle@a.lit"]; a != nil {
			t.Error("an idle account stays")
		}
		if r.Online(online.JID) != online {
			t.Error("an account with a session is gone")
		}
		if len(r.accounts.shard("no@a.lit").missing) != 0 {
			t.Error("an unknown address is remembered for ever")
		}
		if r.accounts.keep(idler) != idler || r.accounts.keep(&Account{JID: idler.JID}) != idler {
			t.Error("two accounts for one address")
		}
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
}

// TestDeleteAccount: streams end, modules take part, the name stays reserved.
func TestDeleteAccount(t *testing.T) {
	var steps []string
	var fail error
	w := newWorld(t, store.Options{}, module(func(h *Host) {
		h.OnUnbind(func(_ context.Context, s *Session) { steps = append(steps, "unbind") })
		h.OnDelete(func(ctx context.Context, a *Account) {
			steps = append(steps, "before")
			h.Router.Route(ctx, stanza.MustParse("<presence type='unsubscribe' from='juliet@a.lit' to='romeo@b.lit'/>"))
		}, nil)
		h.OnDelete(nil, func(tx *store.Tx, id int64) error {
			steps = append(steps, "tx")
			if err := tx.DeletePrivate(id); err != nil {
				return err
			}
			return fail
		})
	}))
	juliet := w.login("juliet@a.lit/balcony", "0")
	a := juliet.s.Account
	fail = errors.New("not yet")
	if err := w.r.DeleteAccount(t.Context(), a); !errors.Is(err, fail) {
		t.Error(err)
	}
	if _, err := w.db.Account(t.Context(), "juliet@a.lit"); err != nil {
		t.Errorf("half deleted: %v", err)
	}
	if juliet.error() != stanza.StreamNotAuthorized || len(a.Sessions()) != 0 {
		t.Errorf("stream %v, sessions %v", juliet.error(), a.Sessions())
	}
	fail = nil
	if err := w.r.DeleteAccount(t.Context(), a); err != nil {
		t.Error(err)
	}
	juliet.end()
	if got := strings.Join(steps, " "); got != "unbind before tx before tx" {
		t.Error(got)
	}
	if w.out.take() == "" {
		t.Error("contacts were not told")
	}
	if _, err := w.r.Account(t.Context(), a.JID); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if _, err := a.Bind(t.Context(), "x", juliet); !errors.Is(err, stanza.NotAllowed) {
		t.Errorf("bound to a deleted account: %v", err)
	}
	if _, err := w.r.Account(t.Context(), a.JID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is back: %v", err)
	}
	if err := w.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.CreateAccount("juliet@a.lit", "x")
		return err
	}); !errors.Is(err, store.ErrReserved) {
		t.Errorf("the name is given out again: %v", err)
	}
}
