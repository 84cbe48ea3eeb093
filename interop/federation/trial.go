package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// trial is our server and one peer in one round.
type trial struct {
	*runner
	lab        *lab
	way        round
	ours, peer *server
	duo
}

// step runs one step and prints what came of it.
func (t *trial) step(ctx context.Context, name string, f func(context.Context) error) bool {
	name = fmt.Sprintf("%s, %s: %s", t.way.name, t.peer.kind, name)
	if t.only != "" && !strings.Contains(name, t.only) && !strings.HasSuffix(name, "log in") {
		return true
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := f(ctx)
	took := time.Since(start).Round(10 * time.Millisecond)
	if err != nil {
		t.failed++
		fmt.Printf("FAIL %s (%v)\n     | %s\n", name, took,
			strings.ReplaceAll(err.Error(), "\n", "\n     | "))
		return false
	}
	t.passed++
	fmt.Printf("PASS %s (%v)\n", name, took)
	return true
}

// run plays all steps; it says whether the users could log in.
func (t *trial) run(ctx context.Context) bool {
	if !t.step(ctx, "log in", t.login) {
		return false
	}
	t.step(ctx, "chat, we connect", func(ctx context.Context) error {
		return chat(ctx, t.duo.ours, t.theirs)
	})
	if t.runner.ours == "parley" {
		t.step(ctx, "what the admin sees", t.shown)
	}
	t.step(ctx, "requests", func(ctx context.Context) error { return requests(ctx, t.duo) })
	t.step(ctx, "subscriptions", func(ctx context.Context) error { return subscribe(ctx, t.duo) })
	t.step(ctx, "200 kB", func(ctx context.Context) error { return large(ctx, t.duo) })
	t.step(ctx, "too large", func(ctx context.Context) error { return tooLarge(ctx, t.duo) })
	t.step(ctx, "namespaces", func(ctx context.Context) error { return namespaces(ctx, t.duo) })
	t.step(ctx, "a room's archive", func(ctx context.Context) error { return room(ctx, t.duo) })
	t.step(ctx, "a room there", newMeeting("there", t.theirs, t.duo.ours).held)
	t.step(ctx, "a room here", newMeeting("here", t.duo.ours, t.theirs).held)
	if t.way.direct {
		t.back(ctx, "chat, they connect", t.peer.settings)
		return true
	}
	count := t.count(10_000, 2_000)
	t.step(ctx, fmt.Sprint(count, " messages each way"), func(ctx context.Context) error {
		return flood(ctx, t.duo, count)
	})
	t.kills(ctx)
	t.late(ctx)
	return true
}

func (t *trial) count(full, quick int) int {
	if t.quick {
		return quick
	}
	return full
}

// shown looks at what parley s2s and parley check s2s tell about the peer.
func (t *trial) shown(ctx context.Context) error {
	if err := chat(ctx, t.duo.ours, t.theirs); err != nil {
		return err
	}
	proof := "EXTERNAL"
	if t.way.policy == "dialback" {
		proof = "dialback"
	}
	for _, args := range [][]string{{"s2s", t.peer.domain}, {"check", "s2s", t.peer.domain}} {
		args = append(args, "-config", t.ours.file("parley.toml"))
		out, err := exec.CommandContext(ctx, t.parley, args...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), proof) {
			return fmt.Errorf("%s expected: %v\n%s", proof, err, out)
		}
	}
	return nil
}

func (t *trial) login(ctx context.Context) (err error) {
	if t.duo.ours, err = join(ctx, t.ours, "alice-"+t.peer.kind); err != nil {
		return err
	}
	t.theirs, err = join(ctx, t.peer, "bob-"+t.peer.kind)
	return err
}

// back restarts the peer; its user is the first to speak, so that the peer
// connects.
func (t *trial) back(ctx context.Context, name string, with settings) {
	t.step(ctx, name, func(ctx context.Context) error {
		if err := t.restart(ctx, with); err != nil {
			return err
		}
		return chat(ctx, t.theirs, t.duo.ours)
	})
}

// restart restarts the peer, and its user logs in again.
func (t *trial) restart(ctx context.Context, with settings) error {
	t.theirs.close()
	if err := t.peer.restart(ctx, with); err != nil {
		return err
	}
	t.duo.ours.forget() // what came before
	return t.theirs.login(ctx)
}

// kills ends our server, and then the peer, while both users write.
func (t *trial) kills(ctx context.Context) {
	b := blow{t.ours, t.ours.kill, t.count(4000, 1500), 2 * time.Millisecond}
	t.kill(ctx, t.ours.kind+" killed", b)
	if !t.quick {
		b.end = t.ours.stop
		t.kill(ctx, t.ours.kind+" restarted", b)
	}
	// From here on the peer's log has to show what it has confirmed, which makes
	// ejabberd slow; and ejabberd forgets a new account when it is killed before it
	// was stopped once.
	with := t.peer.settings
	with.debug = true
	t.back(ctx, "chat, they connect", with)
	froze := func(how string, end func()) {
		t.told(ctx, t.peer.kind+" frozen and killed, "+t.ours.kind+" "+how,
			func(ctx context.Context) (string, error) { return frozen(ctx, t.duo, end, 500) })
	}
	froze("killed", t.ours.kill)
	if !t.quick {
		froze("restarted", t.ours.stop)
	}
	b.victim, b.end = t.peer, t.peer.kill
	if t.peer.kind == "ejabberd" {
		b.count, b.gap = 400, 20*time.Millisecond
	}
	t.kill(ctx, t.peer.kind+" killed", b)
	t.step(ctx, "chat after all that", func(ctx context.Context) error {
		return chat(ctx, t.duo.ours, t.theirs)
	})
	t.step(ctx, "presence is withdrawn", t.withdrawn)
	if t.runner.ours == "parley" {
		t.step(ctx, "a ghost in a room", t.ghost)
	}
}

func (t *trial) kill(ctx context.Context, name string, b blow) {
	t.told(ctx, name, func(ctx context.Context) (string, error) { return killed(ctx, t.duo, b) })
}

// told is a step that tells more than whether it passed.
func (t *trial) told(ctx context.Context, name string,
	f func(context.Context) (string, error)) {
	t.step(ctx, name, func(ctx context.Context) error {
		text, err := f(ctx)
		if text != "" {
			fmt.Println("     |", text)
		}
		return err
	})
}

// withdrawn kills the peer for good: our user sees his contact go, and come again
// when the peer is back.
func (t *trial) withdrawn(ctx context.Context) error {
	t.duo.ours.forget()
	t.peer.kill()
	if err := t.duo.ours.say(t.theirs.bare(), "are you there?"); err != nil {
		return err
	}
	if _, err := t.duo.ours.until(ctx, "the contact's end", func(n *node) bool {
		return n.is("presence", "unavailable", t.theirs.jid)
	}); err != nil {
		return errors.Join(err, t.restart(ctx, t.peer.settings))
	}
	if err := t.restart(ctx, t.peer.settings); err != nil {
		return err
	}
	_, err := t.duo.ours.until(ctx, "the contact", func(n *node) bool {
		return n.is("presence", "", t.theirs.jid)
	})
	return err
}

// late gives the peer a certificate that has expired: where certificates have to
// be shown nothing goes either way, where dialback is enough all does.
func (t *trial) late(ctx context.Context) {
	with := t.peer.settings
	with.proof = expired
	if t.way.policy == "dialback" {
		t.back(ctx, "an expired certificate does not matter", with)
		return
	}
	t.step(ctx, "an expired certificate is refused", func(ctx context.Context) error {
		if err := t.restart(ctx, with); err != nil {
			return err
		}
		return t.both(func(from, to *user) error {
			return refused(ctx, from, to.bare(), "")
		})
	})
	with.proof = t.way.proof
	t.back(ctx, "a new certificate is accepted", with)
}
