package auth

import (
	"bytes"
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	xdg "github.com/xdg-go/scram"
)

// TestDeriveLikeXDG holds each hash against another implementation.
func TestDeriveLikeXDG(t *testing.T) {
	for h, generator := range map[Hash]xdg.HashGeneratorFcn{
		SHA1: xdg.SHA1, SHA256: xdg.SHA256, SHA512: xdg.SHA512,
	} {
		client, err := generator.NewClient("user", "pencil", "")
		if err != nil {
			t.Fatal(err)
		}
		want, err := client.GetStoredCredentialsWithError(
			xdg.KeyFactors{Salt: "0123456789abcdef", Iters: 4096})
		if err != nil {
			t.Fatal(err)
		}
		got, err := derive(h, "pencil", []byte("0123456789abcdef"), 4096)
		if err != nil || !bytes.Equal(got.StoredKey, want.StoredKey) ||
			!bytes.Equal(got.ServerKey, want.ServerKey) {
			t.Errorf("%v: %x %x, %v; want %x %x",
				h, got.StoredKey, got.ServerKey, err, want.StoredKey, want.ServerKey)
		}
	}
}

func TestNewVerifiers(t *testing.T) {
	a, b := pencil(), Verifiers{}
	b, err := NewVerifiers("pencil", minIterations)
	if err != nil {
		t.Fatal(err)
	}
	salts := map[string]bool{}
	for h := range numHashes {
		for _, v := range []Verifier{a[h], b[h]} {
			if v.Iterations != minIterations || len(v.Salt) != saltSize ||
				len(v.StoredKey) != h.size() || len(v.ServerKey) != h.size() {
				t.Errorf("%v: %+v", h, v)
			}
			salts[string(v.Salt)] = true
		}
	}
	if len(salts) != 2*int(numHashes) {
		t.Errorf("%d different salts in %d verifiers", len(salts), 2*numHashes)
	}
}

func TestNewVerifiersRefuses(t *testing.T) {
	for _, c := range []struct {
		password   string
		iterations int
	}{
		{"pencil", 0}, {"pencil", minIterations - 1}, {"pencil", maxIterations + 1},
		{"", minIterations}, {"\xff", minIterations}, {"a\x00b", minIterations},
	} {
		v, err := NewVerifiers(c.password, c.iterations)
		if err == nil || !reflect.DeepEqual(v, Verifiers{}) {
			t.Errorf("%q, %d iterations: %v, %v", c.password, c.iterations, v, err)
		}
	}
}

func TestEncodeVerifiers(t *testing.T) {
	all := pencil()
	two := all
	two[SHA1] = Verifier{}
	for _, v := range []Verifiers{all, two, {}} {
		s := v.Encode()
		if got, err := DecodeVerifiers(s); err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("%q comes back as %+v, %v", s, got, err)
		}
	}
	if got := strings.Count(two.Encode(), " "); got != 1 {
		t.Errorf("two verifiers have %d spaces", got)
	}
	if got := (Verifiers{}).Encode(); got != "" {
		t.Errorf("no verifiers: %q", got)
	}
}

// TestDecodeRFC5803 reads a line as other servers export it. The keys are those
// of RFC 5802 section 5, SCRAM Authentication Exchange.
func TestDecodeRFC5803(t *testing.T) {
	salt, _ := base64.StdEncoding.DecodeString("QSXCR+Q6sek8bf92")
	want, err := derive(SHA1, "pencil", salt, 4096)
	if err != nil {
		t.Fatal(err)
	}
	v, err := DecodeVerifiers("SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$" +
		"6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=")
	if err != nil || !reflect.DeepEqual(v[SHA1], want) {
		t.Errorf("%+v, %v; want %+v", v[SHA1], err, want)
	}
	if h, ok := v.strongest(); h != SHA1 || !ok {
		t.Errorf("strongest is %v, %v", h, ok)
	}
	if _, ok := (Verifiers{}).strongest(); ok {
		t.Error("no verifiers have a strongest one")
	}
	if h, ok := pencil().strongest(); h != SHA512 || !ok {
		t.Errorf("strongest of all is %v, %v", h, ok)
	}
}

func TestIterationBounds(t *testing.T) {
	for n, want := range map[int]bool{
		-1: false, 0: false, 4095: false, 4096: true, 10_000_000: true, 10_000_001: false,
	} {
		if goodCount(n) != want {
			t.Errorf("%d iterations: good %v", n, !want)
		}
	}
	for s, want := range map[string]int{"1": 1, "9": 9, "10": 10, "10000000": maxIterations} {
		if n, err := parseCount(s); n != want || err != nil {
			t.Errorf("%q: %d, %v", s, n, err)
		}
	}
}

func TestDecodeVerifiersRefuses(t *testing.T) {
	const key, good = "6dlGYMOdZcOPutkcNY8U2g7vK9Y=", "SCRAM-SHA-1$4096:c2FsdA==$"
	valid := good + key + ":" + key
	if _, err := DecodeVerifiers(valid); err != nil {
		t.Fatalf("the line to spoil is spoilt already: %v", err)
	}
	for name, s := range map[string]string{
		"unknown hash":      strings.Replace(valid, "SHA-1", "SHA-2", 1),
		"PLUS":              strings.Replace(valid, "SHA-1", "SHA-1-PLUS", 1),
		"no scheme":         valid[1:],
		"twice":             valid + " " + valid,
		"space after":       valid + " ",
		"two spaces":        valid + "  " + valid,
		"no iterations":     strings.Replace(valid, "4096", "", 1),
		"zero iterations":   strings.Replace(valid, "4096", "0", 1),
		"minus":             strings.Replace(valid, "4096", "-4096", 1),
		"plus":              strings.Replace(valid, "4096", "+4096", 1),
		"leading zero":      strings.Replace(valid, "4096", "04096", 1),
		"too many":          strings.Replace(valid, "4096", "10000001", 1),
		"overflow":          strings.Replace(valid, "4096", "99999999999999999999", 1),
		"no salt":           strings.Replace(valid, "c2FsdA==", "", 1),
		"salt not base64":   strings.Replace(valid, "c2FsdA==", "c2FsdA", 1),
		"no keys":           good,
		"one key":           good + key,
		"stored key short":  good + "c2FsdA==:" + key,
		"server key short":  good + key + ":c2FsdA==",
		"key not base64":    good + key + ":" + strings.TrimSuffix(key, "="),
		"stored key broken": good + "*" + key + ":" + key,
		"a key too many":    valid + ":" + key,
		"a field too many":  valid + "$" + key,
	} {
		if v, err := DecodeVerifiers(s); err == nil || !reflect.DeepEqual(v, Verifiers{}) {
			t.Errorf("%s: %+v, %v", name, v, err)
		} else if strings.Contains(err.Error(), key[:8]) {
			t.Errorf("%s: the error tells a key: %v", name, err)
		}
	}
}
