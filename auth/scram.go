package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
)

// scram is an exchange of the SCRAM family (RFC 5802 section 5, SCRAM
// Authentication Exchange).
type scram struct {
	*exchange
	hash Hash
	plus bool // the mechanism is a -PLUS one

	client      clientFirst
	binding     ChannelBinding // in use when the client's flag is 'p'
	verifier    Verifier
	state       State
	nonce       string // the client's and ours
	serverFirst string
}

// first takes the client-first-message and answers with nonce, salt and
// iteration count.
func (s *scram) first(ctx context.Context, response []byte) ([]byte, step, error) {
	var err error
	if s.client, err = parseClientFirst(string(response)); err != nil {
		return nil, nil, err
	}
	if err := s.checkFlag(); err != nil {
		return nil, nil, err
	}
	if err := s.name(s.client.user); err != nil {
		return nil, nil, err
	}
	if err := s.lookUp(ctx); err != nil {
		return nil, nil, err
	}
	s.nonce = s.client.nonce + s.Authenticator.nonce()
	s.serverFirst = "r=" + s.nonce +
		",s=" + base64.StdEncoding.EncodeToString(s.verifier.Salt) +
		",i=" + strconv.Itoa(s.verifier.Iterations) +
		s.announced(s.hash, Offered(s.conn, s.policy), s.advertised())
	return []byte(s.serverFirst), s.final, nil
}

// checkFlag holds the gs2-cbind-flag against the mechanism and against what was
// offered (RFC 5802 section 6, Channel Binding; RFC 5801 section 5, Channel
// Bindings). The texts are values for server-error of RFC 5802 section 7.
func (s *scram) checkFlag() error {
	if s.plus != (s.client.flag == 'p') {
		return MalformedRequest.because("channel binding flag does not fit the mechanism")
	}
	switch s.client.flag {
	case 'y':
		// The client saw no -PLUS. If we offered one, somebody between us
		// has taken it out.
		if s.offersBinding() {
			return NotAuthorized.because("server-does-support-channel-binding").from(ErrBinding)
		}
	case 'p':
		var ok bool
		if s.binding, ok = s.conn.Bindings.find(s.client.binding); !ok {
			return NotAuthorized.because("unsupported-channel-binding-type").from(ErrBinding)
		}
	}
	return nil
}

// lookUp finds the account's verifier. The decoy is computed for all, so that
// the work is the same whether or not there is such an account.
func (s *scram) lookUp(ctx context.Context) error {
	verifiers, state, err := s.find(ctx, s.account)
	if err != nil {
		return err
	}
	s.verifier = s.decoy(s.account, s.hash, s.policy.Iterations)
	if v := verifiers[s.hash]; state != Unknown && v.Iterations > 0 {
		s.verifier, s.state = v, state
	}
	return nil
}

// final takes the client-final-message and answers with the server's own proof,
// which goes with <success/> (RFC 5802 section 5.2, Compliance with SASL
// Mechanism Requirements, 2b).
func (s *scram) final(_ context.Context, response []byte) ([]byte, step, error) {
	m, err := parseClientFinal(string(response))
	if err != nil {
		return nil, nil, err
	}
	if len(m.proof) != s.hash.size() {
		return nil, nil, errEncoding
	}
	// The whole nonce, not only our part (RFC 5802 section 5.1, SCRAM
	// Attributes, r).
	if m.nonce != s.nonce {
		return nil, nil, NotAuthorized.because("other-error")
	}
	// The gs2-header byte for byte, then the binding's data, and nothing else
	// without a binding (RFC 5802 section 6, Channel Binding).
	if !s.binding.matches(s.client.header, m.input) {
		return nil, nil, NotAuthorized.because("channel-bindings-dont-match")
	}
	signature, ok := s.verify(m)
	if !ok {
		return nil, nil, NotAuthorized.from(s.whyNot())
	}
	if err := s.admit(s.state, s.client.authzid); err != nil {
		return nil, nil, err
	}
	s.result.Binding = s.binding.Type
	return signature, nil, nil
}

// whyNot says for the log why a proof was refused.
func (s *scram) whyNot() error {
	if s.state == Unknown {
		return errNoAccount
	}
	return errWrongPassword
}

// verify checks the proof and computes the server's signature (RFC 5802 section
// 3, SCRAM Algorithm Overview). It does all its work for an account that does
// not exist too.
func (s *scram) verify(m clientFinal) (serverFinal []byte, ok bool) {
	authMessage := s.client.bare + "," + s.serverFirst + "," + m.withoutProof
	clientKey := s.hash.hmac(s.verifier.StoredKey, authMessage)
	subtle.XORBytes(clientKey, clientKey, m.proof)
	equal := subtle.ConstantTimeCompare(s.hash.sum(clientKey), s.verifier.StoredKey)
	signature := s.hash.hmac(s.verifier.ServerKey, authMessage)
	serverFinal = base64.StdEncoding.AppendEncode([]byte("v="), signature)
	return serverFinal, equal == 1 && s.state != Unknown
}
