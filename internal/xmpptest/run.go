package xmpptest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"
)

// patience is how long an expected stanza may take; nothing is asserted about
// the time that it does take.
const patience = 15 * time.Second

// Server is what a script runs against.
type Server interface {
	Domain() string
	// Dial connects to the client port; direct means TLS from the first byte
	// and answers with the connection below TLS.
	Dial(ctx context.Context, direct bool) (net.Conn, error)
	// Register makes an account, or leaves one that is there.
	Register(ctx context.Context, user, password string) error
}

// Restarter is a Server that can be stopped and started again in a script.
type Restarter interface {
	Stop(ctx context.Context) error
	Restart(ctx context.Context) error
}

// Forgetter is a Server that says when it is through with a session whose
// connection has ended; others may still be busy with it at the next step.
type Forgetter interface {
	Forget(ctx context.Context, jid string) error
}

// Killer is a Server that can be ended without warning: what it has not
// written down is lost.
type Killer interface {
	Kill(ctx context.Context) error
}

// Run plays a script. prefix is put before every user name, so that scripts
// that run against one server do not meet. The error names the script's line.
func Run(ctx context.Context, srv Server, s *Script, prefix string) error {
	r := &run{srv: srv, prefix: prefix, m: newMatcher(srv), clients: map[string]*client{},
		inside: map[string][]string{}}
	defer r.closeAll()
	for _, st := range s.Steps {
		if err := r.step(ctx, st); err != nil {
			return fmt.Errorf("%s:%d: %s %s: %w", s.Path, st.Line, st.Actor, st.Verb, err)
		}
	}
	for name, c := range r.clients {
		if err := r.nothing(ctx, c); err != nil {
			return fmt.Errorf("%s: at the end: %s: %w", s.Path, name, err)
		}
	}
	return nil
}

type run struct {
	srv     Server
	prefix  string
	m       *matcher
	clients map[string]*client
	order   []string            // names in order of connecting
	inside  map[string][]string // clients in a room, by its address, in order of entering
	syncs   int
	actor   string // of the step
}

func (r *run) closeAll() {
	for _, c := range r.clients {
		c.close()
	}
}

func password(user string) string { return "pw-" + user }

func (r *run) user(actor string) string {
	u, _, _ := strings.Cut(actor, "/")
	return r.prefix + u
}

func (r *run) step(ctx context.Context, st Step) error {
	r.actor = st.Actor
	text, err := r.substitute(st.XML)
	if err != nil {
		return err
	}
	c := r.clients[st.Actor]
	switch st.Verb {
	case "connects":
		return r.connect(ctx, st.Actor)
	case "is online":
		return r.online(ctx, st.Actor)
	case "opens":
		return r.opens(ctx, st.Actor, st.Arg)
	case "exists":
		return r.at(st.Actor).Register(ctx, r.user(st.Actor), password(r.user(st.Actor)))
	case "has sent":
		return r.hasSent(ctx, st.Actor, text)
	case "and":
		return r.friends(ctx, st.Actor, strings.TrimSuffix(st.Arg, " are friends"))
	case "wait":
		return r.wait(ctx, st.Arg)
	case "server restarts":
		return r.restart(ctx)
	case "server stops":
		return r.stop(ctx)
	case "server is killed":
		return r.kill(ctx)
	}
	if c == nil {
		return fmt.Errorf("not connected")
	}
	return r.clientStep(ctx, c, st, text)
}

func (r *run) clientStep(ctx context.Context, c *client, st Step, text string) error {
	switch st.Verb {
	case "sends":
		return c.send(strings.TrimSuffix(text, "\n"))
	case "sends slowly":
		return c.sendSlowly(strings.TrimSuffix(text, "\n"))
	case "receives":
		return r.receives(ctx, c, text, false)
	case "receives in any order":
		return r.receives(ctx, c, text, true)
	case "receives nothing":
		return r.nothing(ctx, c)
	case "receives header":
		return r.header(ctx, c, text)
	case "stream ends with":
		return r.ends(ctx, c, st.Arg)
	case "stream ends":
		return r.ends(ctx, c, "")
	case "starts TLS":
		return c.startTLS(ctx)
	case "logs in as":
		return r.logsIn(ctx, c, st.Arg)
	case "disconnects":
		return r.disconnect(ctx, c, st.Actor)
	case "enters":
		return r.enters(ctx, c, st.Actor, st.Arg)
	case "configures":
		return r.configures(ctx, c, st.Arg)
	case "makes":
		return r.makes(ctx, c, st.Arg)
	case "is cut":
		delete(r.clients, st.Actor)
		c.close()
		return r.forget(ctx, c)
	}
	return fmt.Errorf("unknown step %q", st.Verb)
}

func (c *client) sendSlowly(s string) error {
	for i := range len(s) {
		if err := c.send(s[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) wait(ctx context.Context, arg string) error {
	d, err := time.ParseDuration(arg)
	if err != nil {
		return err
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop stops the server; its clients may still read what it has said.
func (r *run) stop(ctx context.Context) error {
	s, ok := r.srv.(Restarter)
	if !ok {
		return fmt.Errorf("this server cannot be stopped by a script")
	}
	return s.Stop(ctx)
}

func (r *run) restart(ctx context.Context) error {
	s, ok := r.srv.(Restarter)
	if !ok {
		return fmt.Errorf("this server cannot be restarted by a script")
	}
	r.closeAll()
	r.clients, r.inside = map[string]*client{}, map[string][]string{}
	return s.Restart(ctx)
}

func (r *run) kill(ctx context.Context) error {
	k, ok := r.srv.(Killer)
	if !ok {
		return fmt.Errorf("this server cannot be killed by a script")
	}
	err := k.Kill(ctx) // before the clients go, which the server would note
	r.closeAll()
	r.clients, r.inside = map[string]*client{}, map[string][]string{}
	return err
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// substitute fills in {domain}, {alice}, {alice/phone}, {plain U P}, {b64 T},
// {ht U $T}, {$name}.
func (r *run) substitute(text string) (string, error) {
	var failed error
	out := placeholder.ReplaceAllStringFunc(text, func(p string) string {
		s, err := r.value(strings.Trim(p, "{}"))
		if err != nil {
			failed = err
		}
		return s
	})
	return out, failed
}

func (r *run) value(name string) (string, error) {
	switch {
	case name == "domain":
		return r.at(r.actor).Domain(), nil
	case name == "rooms":
		return r.service(), nil
	case name == "pubsub":
		return "pubsub." + r.at("alice").Domain(), nil
	case strings.HasPrefix(name, "room "):
		return r.room(strings.TrimPrefix(name, "room ")), nil
	case strings.HasPrefix(name, "$"):
		v, ok := r.m.vars[name]
		if !ok {
			return "", fmt.Errorf("%s has not been received", name)
		}
		return v, nil
	case strings.HasPrefix(name, "repeat "):
		return repeat(strings.TrimPrefix(name, "repeat "))
	case strings.HasPrefix(name, "b64 "):
		t := strings.NewReplacer(`\0`, "\x00").Replace(strings.TrimPrefix(name, "b64 "))
		return base64.StdEncoding.EncodeToString([]byte(t)), nil
	case strings.HasPrefix(name, "user "):
		return r.prefix + strings.TrimPrefix(name, "user "), nil
	case strings.HasPrefix(name, "ht "):
		return r.hashedToken(strings.Fields(name)[1:])
	case strings.HasPrefix(name, "plain "):
		f := strings.Fields(name)
		user, pw, as := r.prefix+f[1], password(r.prefix+f[1]), ""
		switch {
		case len(f) > 3 && f[2] == "as":
			as = r.jid(f[3])
		case len(f) > 2:
			pw = f[2]
		}
		return base64.StdEncoding.EncodeToString([]byte(as + "\x00" + user + "\x00" + pw)), nil
	case strings.Contains(name, "/"):
		if c := r.clients[name]; c != nil {
			return c.jid, nil
		}
		_, res, _ := strings.Cut(name, "/")
		user, _, _ := strings.Cut(name, "/")
		return r.jid(user) + "/" + res, nil
	}
	return r.jid(name), nil
}

// repeat is "N TEXT".
func repeat(arg string) (string, error) {
	count, text, _ := strings.Cut(arg, " ")
	var n int
	if _, err := fmt.Sscan(count, &n); err != nil || n < 0 || n > 1<<24 {
		return "", fmt.Errorf("repeat %q: no count", count)
	}
	return strings.Repeat(text, n), nil
}

// hashedToken is what a user sends to prove a token that was received, without a
// channel binding (draft-schmaus-kitten-sasl-ht-09).
func (r *run) hashedToken(args []string) (string, error) {
	if len(args) != 2 {
		return "", fmt.Errorf("ht %v: a user and a token wanted", args)
	}
	token, ok := r.m.vars[args[1]]
	if !ok {
		return "", fmt.Errorf("%s has not been received", args[1])
	}
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("Initiator"))
	message := mac.Sum([]byte(r.prefix + args[0] + "\x00"))
	return base64.StdEncoding.EncodeToString(message), nil
}
