package auth

import (
	"errors"
	"slices"
	"testing"
)

func TestOffered(t *testing.T) {
	scram := []string{"SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"}
	scramPlus := []string{"SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"}
	withCert := boundConn()
	withCert.ClientCert = certificate(t, sanOf(t, "user@example.com"))
	foreign := secureConn()
	foreign.ClientCert = certificate(t, sanOf(t, "user@example.org"))
	for _, c := range []struct {
		name   string
		conn   ConnInfo
		policy Policy
		want   []string
	}{
		{"no TLS", ConnInfo{Domain: testDomain}, Policy{}, scram},
		{"TLS", secureConn(), Policy{}, slices.Concat(scram, []string{plain})},
		{"TLS that can be bound", boundConn(), Policy{},
			slices.Concat(scramPlus, scram, []string{plain})},
		{"client certificate", withCert, Policy{},
			slices.Concat([]string{external}, scramPlus, scram, []string{plain})},
		{"certificate of another domain", foreign, Policy{},
			slices.Concat(scram, []string{plain})},
		{"all allowed", withCert, Policy{Mechanisms: Implemented()}, Implemented()},
		{"one allowed", withCert, Policy{Mechanisms: []string{"SCRAM-SHA-256-PLUS"}},
			[]string{"SCRAM-SHA-256-PLUS"}},
		{"order is ours", secureConn(), Policy{Mechanisms: []string{anonymous, plain, "SCRAM-SHA-1"}},
			[]string{"SCRAM-SHA-1", plain, anonymous}},
		{"PLAIN alone and no TLS", ConnInfo{}, Policy{Mechanisms: []string{plain}}, nil},
	} {
		if got := Offered(c.conn, c.policy); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDefaultMechanisms(t *testing.T) {
	got := DefaultMechanisms()
	if slices.Contains(got, anonymous) || len(got) != len(Implemented())-1 {
		t.Errorf("default mechanisms %q", got)
	}
	withCert := boundConn()
	withCert.ClientCert = certificate(t, sanOf(t, "user@example.com"))
	if offered := Offered(withCert, Policy{}); !slices.Equal(offered, got) {
		t.Errorf("the zero policy offers %q, the default is %q", offered, got)
	}
}

// TestStart: whatever is offered can be started, and nothing else.
func TestStart(t *testing.T) {
	a := newTestAuthenticator(t)
	withCert := boundConn()
	withCert.ClientCert = certificate(t, sanOf(t, "user@example.com"))
	for _, conn := range []ConnInfo{{Domain: testDomain}, secureConn(), boundConn(), withCert} {
		for _, policy := range []Policy{
			{}, {Mechanisms: Implemented()}, {Mechanisms: []string{plain}},
			{Mechanisms: []string{"SCRAM-SHA-256-PLUS", external}},
		} {
			offered := Offered(conn, policy)
			for _, m := range Implemented() {
				x, err := a.Start(m, conn, policy)
				if ok := slices.Contains(offered, m); ok != (err == nil) || ok != (x != nil) {
					t.Errorf("%s is offered: %v; starting it gives %v", m, ok, err)
				}
			}
		}
	}
}

func TestStartRefuses(t *testing.T) {
	a := newTestAuthenticator(t)
	insecure := ConnInfo{Domain: testDomain}
	only256 := Policy{Mechanisms: []string{"SCRAM-SHA-256"}}
	for _, c := range []struct {
		name, mechanism string
		conn            ConnInfo
		policy          Policy
		want            *Failure
	}{
		{"no mechanism", "", secureConn(), Policy{}, InvalidMechanism},
		{"unknown", "DIGEST-MD5", secureConn(), Policy{}, InvalidMechanism},
		{"small letters", "plain", secureConn(), Policy{}, InvalidMechanism},
		{"unknown hash", "SCRAM-SHA-384", secureConn(), Policy{}, InvalidMechanism},
		{"PLAIN in the clear", plain, insecure, Policy{}, EncryptionRequired},
		{"PLAIN in the clear, not allowed", plain, insecure, only256, MechanismTooWeak},
		{"PLAIN not allowed", plain, secureConn(), only256, MechanismTooWeak},
		{"hash not allowed", "SCRAM-SHA-1", secureConn(), only256, MechanismTooWeak},
		{"no binding", "SCRAM-SHA-1-PLUS", secureConn(), Policy{}, InvalidMechanism},
		{"no certificate", external, secureConn(), Policy{}, InvalidMechanism},
		{"EXTERNAL not allowed", external, secureConn(), only256, InvalidMechanism},
		{"ANONYMOUS is off", anonymous, secureConn(), Policy{}, InvalidMechanism},
	} {
		x, err := a.Start(c.mechanism, c.conn, c.policy)
		if x != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
