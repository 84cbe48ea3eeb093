package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"parley/c2s"
	"parley/internal/control"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// handlers are the commands of the control socket.
func (s *Server) handlers() map[string]control.Handler {
	return map[string]control.Handler{
		control.CmdStatus:   command(s.status),
		control.CmdSessions: command(s.sessions),
		control.CmdKick:     command(s.kick),
		control.CmdReload:   command(s.reload),
		control.CmdAdd:      command(s.addUser),
		control.CmdPasswd:   command(s.setVerifier),
		control.CmdList:     command(s.listUsers),
		control.CmdDelete:   command(s.deleteUser),
		control.CmdDisable:  command(s.disableUser),
		control.CmdServers:  command(s.listServers),
		control.CmdProbe:    command(s.probeServer),
		control.CmdRooms:    command(s.listRooms),
		control.CmdDestroy:  command(s.destroyRoom),
	}
}

// command wraps a typed function as a handler.
func command[A, R any](fn func(context.Context, A) (R, error)) control.Handler {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var args A
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &args); err != nil {
				return nil, fmt.Errorf("arguments: %w", err)
			}
		}
		return fn(ctx, args)
	}
}

func (s *Server) reload(context.Context, control.None) (control.Reloaded, error) {
	applied, restart, err := s.reloadFile()
	return control.Reloaded{Applied: applied, NeedRestart: restart}, err
}

const maxSessions = 10000

func (s *Server) sessions(_ context.Context, a control.SessionsArgs) ([]control.Session, error) {
	if a.Max <= 0 || a.Max > maxSessions {
		a.Max = maxSessions
	}
	want, err := wanted(a.JID)
	if err != nil {
		return nil, err
	}
	list := []control.Session{}
	s.router.Sessions(func(ss *router.Session) bool {
		if want(ss) {
			list = append(list, s.describe(ss))
		}
		return len(list) < a.Max
	})
	slices.SortFunc(list, func(a, b control.Session) int { return strings.Compare(a.JID, b.JID) })
	return list, nil
}

// wanted selects the sessions of an account, one session, or all.
func wanted(text string) (func(*router.Session) bool, error) {
	if text == "" {
		return func(*router.Session) bool { return true }, nil
	}
	jid, err := stanza.ParseJID(text)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", text, err)
	}
	return func(ss *router.Session) bool { return ss.JID == jid || ss.JID.Bare() == jid }, nil
}

func (s *Server) kick(_ context.Context, a control.KickArgs) (control.Count, error) {
	if a.JID == "" {
		return control.Count{}, fmt.Errorf("kick: no address")
	}
	want, err := wanted(a.JID)
	if err != nil {
		return control.Count{}, err
	}
	n := 0
	s.router.Sessions(func(ss *router.Session) bool {
		if want(ss) {
			ss.Close(stanza.StreamPolicyViolation.WithText(a.Reason))
			n++
		}
		return true
	})
	return control.Count{Count: n}, nil
}

func (s *Server) account(ctx context.Context, text string) (*router.Account, error) {
	jid, err := accountJID(text)
	if err != nil {
		return nil, err
	}
	acc, err := s.router.Account(ctx, jid)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("there is no account %s: %w", jid, err)
	}
	return acc, err
}

// accountJID is an address of an account. That of a session is none: who wants
// to end one must not delete the account.
func accountJID(text string) (stanza.JID, error) {
	jid, err := stanza.ParseJID(text)
	if err != nil || jid.Local() == "" || jid.IsFull() {
		return stanza.JID{}, fmt.Errorf("%q is no account's address", text)
	}
	return jid, nil
}

func (s *Server) addUser(ctx context.Context, a control.VerifierArgs) (control.None, error) {
	jid, err := accountJID(a.JID)
	if err != nil {
		return control.None{}, err
	}
	if h := s.router.Host(jid.Domain()); h == nil || !h.Accounts {
		return control.None{}, fmt.Errorf("%s is not a domain of this server", jid.Domain())
	}
	return control.None{}, s.createAccount(ctx, jid, a.Verifier)
}

// createAccount makes an account and loads it, so that nobody remembers that
// there was none.
func (s *Server) createAccount(ctx context.Context, jid stanza.JID, verifier string) error {
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.CreateAccount(jid.String(), verifier)
		return err
	})
	if err == nil {
		_, err = s.router.Account(ctx, jid)
	}
	return err
}

func (s *Server) setVerifier(ctx context.Context, a control.VerifierArgs) (control.None, error) {
	acc, err := s.account(ctx, a.JID)
	if err != nil {
		return control.None{}, err
	}
	return control.None{}, s.store.Update(ctx, func(tx *store.Tx) error { return tx.SetVerifier(acc.ID, a.Verifier) })
}

func (s *Server) deleteUser(ctx context.Context, a control.UserArgs) (control.None, error) {
	acc, err := s.account(ctx, a.JID)
	if err != nil {
		return control.None{}, err
	}
	return control.None{}, s.router.DeleteAccount(ctx, acc)
}

// disableUser disables logins and ends the sessions that there are.
func (s *Server) disableUser(ctx context.Context, a control.DisableArgs) (control.None, error) {
	acc, err := s.account(ctx, a.JID)
	if err != nil {
		return control.None{}, err
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error { return tx.SetDisabled(acc.ID, a.Disabled) })
	if err != nil {
		return control.None{}, err
	}
	acc.SetDisabled(a.Disabled)
	if a.Disabled {
		for _, ss := range acc.Sessions() {
			ss.Close(stanza.StreamNotAuthorized.WithText("the account is disabled"))
		}
	}
	return control.None{}, nil
}

func (s *Server) listUsers(ctx context.Context, a control.ListArgs) ([]control.User, error) {
	rows, err := s.store.Accounts(ctx, a.Domain, a.After, min(max(a.Max, 1), maxSessions))
	if err != nil {
		return nil, err
	}
	list := make([]control.User, 0, len(rows))
	for _, r := range rows {
		list = append(list, control.User{JID: r.JID, Disabled: r.Disabled, Created: r.Created})
	}
	return list, nil
}

// describe is one session as the admin sees it.
func (s *Server) describe(ss *router.Session) control.Session {
	d := control.Session{JID: ss.JID.String(), Address: ss.Addr(), Since: ss.Since, Queue: ss.Queued()}
	if i, ok := c2s.Describe(ss); ok {
		d.TLS, d.Mechanism, d.LastSeen = i.TLS, i.Mechanism, i.Heard
	}
	if since := ss.DetachedSince(); !since.IsZero() {
		d.Detached, d.LastSeen = true, since
	}
	if host, _, err := net.SplitHostPort(d.Address); err == nil {
		d.Address = host
	}
	if p := ss.Presence(); p != nil {
		d.Available, d.Priority = true, int(p.Priority)
	}
	return d
}
