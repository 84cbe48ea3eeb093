package auth

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// Hash is a hash function that SCRAM is used with.
type Hash uint8

// The hash functions, weakest first.
const (
	SHA1 Hash = iota
	SHA256
	SHA512
	numHashes
)

var hashes = [numHashes]struct {
	name string // as in mechanism names (RFC 5802 section 4, SCRAM Mechanism Names)
	size int
	new  func() hash.Hash
}{
	SHA1:   {"SHA-1", sha1.Size, sha1.New},
	SHA256: {"SHA-256", sha256.Size, sha256.New},
	SHA512: {"SHA-512", sha512.Size, sha512.New},
}

func (h Hash) String() string { return hashes[h].name }
func (h Hash) size() int      { return hashes[h].size }

func (h Hash) sum(data []byte) []byte {
	d := hashes[h].new()
	d.Write(data)
	return d.Sum(nil)
}

func (h Hash) hmac(key []byte, text string) []byte {
	mac := hmac.New(hashes[h].new, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

const (
	// DefaultIterations is the iteration count of new verifiers. RFC 7677
	// section 4, Security Considerations, asks for 4096 at least and for more
	// where clients are not very slow.
	DefaultIterations = 10_000

	minIterations = 4096       // (RFC 5802 section 5.1, SCRAM Attributes)
	maxIterations = 10_000_000 // of stored ones: beyond it PLAIN would hang
	saltSize      = 16
)

// Verifier is what the server keeps of a password for one hash function
// (RFC 5802 section 3, SCRAM Algorithm Overview): enough to check a client, not
// enough to pose as one.
type Verifier struct {
	Salt       []byte
	Iterations int
	StoredKey  []byte
	ServerKey  []byte
}

// Verifiers holds an account's verifiers by Hash; one with no iterations is
// absent.
type Verifiers [numHashes]Verifier

// NewVerifiers prepares a password and computes its verifiers, each with a salt
// of its own, so that one is of no use against another (RFC 5802 section 9,
// Security Considerations).
func NewVerifiers(password string, iterations int) (Verifiers, error) {
	if !goodCount(iterations) {
		return Verifiers{}, fmt.Errorf("auth: iteration count %d is not in %d to %d",
			iterations, minIterations, maxIterations)
	}
	prepared, err := PreparePassword(password)
	if err != nil {
		return Verifiers{}, err
	}
	var v Verifiers
	for h := range numHashes {
		salt := make([]byte, saltSize)
		rand.Read(salt) // never fails: the runtime ends the process instead
		if v[h], err = derive(h, prepared, salt, iterations); err != nil {
			return Verifiers{}, err
		}
	}
	return v, nil
}

// goodCount says whether new verifiers may have an iteration count.
func goodCount(n int) bool { return n >= minIterations && n <= maxIterations }

// derive computes a verifier from a prepared password (RFC 5802 section 3,
// SCRAM Algorithm Overview).
func derive(h Hash, password string, salt []byte, iterations int) (Verifier, error) {
	salted, err := pbkdf2.Key(hashes[h].new, password, salt, iterations, h.size())
	if err != nil {
		return Verifier{}, fmt.Errorf("derive verifier: %w", err)
	}
	return Verifier{
		Salt:       salt,
		Iterations: iterations,
		StoredKey:  h.sum(h.hmac(salted, "Client Key")),
		ServerKey:  h.hmac(salted, "Server Key"),
	}, nil
}

// strongest is the strongest hash that there is a verifier of.
func (v Verifiers) strongest() (h Hash, ok bool) {
	for h := range numHashes {
		if best := numHashes - 1 - h; v[best].Iterations > 0 {
			return best, true
		}
	}
	return 0, false
}

// Encode writes the verifiers in one line of ASCII for storage: those that are
// there, weakest first, with a space between them, each as RFC 5803 section 1,
// Overview, has it:
//
//	SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey
//
// with the last three in base64. It is as secret as a password file is.
func (v Verifiers) Encode() string {
	var b []byte
	for h := range numHashes {
		if v[h].Iterations == 0 {
			continue
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(b, "SCRAM-"+h.String()+"$"...)
		b = strconv.AppendInt(b, int64(v[h].Iterations), 10)
		b = append(b, ':')
		b = base64.StdEncoding.AppendEncode(b, v[h].Salt)
		b = append(b, '$')
		b = base64.StdEncoding.AppendEncode(b, v[h].StoredKey)
		b = append(b, ':')
		b = base64.StdEncoding.AppendEncode(b, v[h].ServerKey)
	}
	return string(b)
}

var errVerifier = errors.New("auth: stored verifier is malformed")

// DecodeVerifiers reads what Encode wrote, which is nothing for none. Other
// servers' RFC 5803 lines can be joined to one, also with fewer iterations than
// we would use. The error never quotes its input.
func DecodeVerifiers(s string) (Verifiers, error) {
	var v Verifiers
	if s == "" {
		return v, nil // an account without a password
	}
	for part := range strings.SplitSeq(s, " ") {
		h, verifier, ok := decodeVerifier(part)
		if !ok || v[h].Iterations != 0 {
			return Verifiers{}, errVerifier
		}
		v[h] = verifier
	}
	return v, nil
}

func decodeVerifier(s string) (h Hash, v Verifier, ok bool) {
	scheme, rest, _ := strings.Cut(s, "$")
	info, value, _ := strings.Cut(rest, "$")
	count, salt, _ := strings.Cut(info, ":")
	stored, server, _ := strings.Cut(value, ":")
	for h < numHashes && scheme != "SCRAM-"+h.String() {
		h++
	}
	if h == numHashes {
		return 0, Verifier{}, false
	}
	var errs [4]error
	v.Iterations, errs[0] = parseCount(count)
	v.Salt, errs[1] = decodeBase64(salt)
	v.StoredKey, errs[2] = decodeBase64(stored)
	v.ServerKey, errs[3] = decodeBase64(server)
	ok = errors.Join(errs[:]...) == nil && len(v.Salt) > 0 &&
		len(v.StoredKey) == h.size() && len(v.ServerKey) == h.size()
	return h, v, ok
}

// parseCount reads a positive number without sign or leading zero (RFC 5802
// section 7, Formal Syntax, posit-number).
func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxIterations || strconv.Itoa(n) != s {
		return 0, errVerifier
	}
	return n, nil
}
