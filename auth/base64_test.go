package auth

import (
	"errors"
	"testing"
)

func TestDecodeInitial(t *testing.T) {
	message, err := DecodeInitial("")
	if message != nil || err != nil {
		t.Errorf("no text: %q, %v; want nil", message, err)
	}
	message, err = DecodeInitial("=")
	if message == nil || len(message) != 0 || err != nil {
		t.Errorf(`"=": %q, %v; want an empty message`, message, err)
	}
	message, err = DecodeInitial("AHVzZXIAcGVuY2ls")
	if string(message) != "\x00user\x00pencil" || err != nil {
		t.Errorf("PLAIN: %q, %v", message, err)
	}
}

func TestDecodeResponse(t *testing.T) {
	for _, text := range []string{"", "="} {
		if message, err := DecodeResponse(text); message == nil || len(message) != 0 || err != nil {
			t.Errorf("%q: %q, %v; want an empty message", text, message, err)
		}
	}
	for text, want := range map[string]string{
		"YQ==": "a", "YWI=": "ab", "YWJj": "abc", "+/+/": "\xfb\xff\xbf",
	} {
		if message, err := DecodeResponse(text); string(message) != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", text, message, err, want)
		}
	}
}

func TestOnlyCanonicalBase64(t *testing.T) {
	for name, text := range map[string]string{
		"padding missing":           "YQ",
		"padding short":             "YQ=",
		"padding too long":          "YWI==",
		"padding alone":             "==",
		"padding only quantum":      "====",
		"padding first":             "=AAA",
		"padding in the middle":     "BBBB=CCC",
		"two encodings joined":      "YQ==YQ==",
		"padding bits not zero":     "YR==",
		"padding bits not zero 2":   "YWJ=",
		"space before":              " YQ==",
		"space after":               "YQ== ",
		"line end inside":           "YW\nJj",
		"line end after":            "YWJj\n",
		"carriage return":           "YWJj\r",
		"tab":                       "YW\tJj",
		"url alphabet":              "-_-_",
		"not ASCII":                 "YWJé",
		"NUL":                       "YWJ\x00",
		"one character too many":    "YWJjY",
		"equals sign and something": "=YQ==",
	} {
		for decode, f := range map[string]func(string) ([]byte, error){
			"DecodeInitial": DecodeInitial, "DecodeResponse": DecodeResponse,
		} {
			message, err := f(text)
			if message != nil || !errors.Is(err, IncorrectEncoding) {
				t.Errorf("%s, %s: %q, %v; want %v", decode, name, message, err, IncorrectEncoding)
			}
		}
	}
}

func TestEncode(t *testing.T) {
	if got := EncodeChallenge([]byte{}); got != "" {
		t.Errorf("empty challenge: %q", got)
	}
	if got := EncodeChallenge([]byte("abc")); got != "YWJj" {
		t.Errorf("challenge: %q", got)
	}
	for _, c := range []struct {
		data []byte
		want string
	}{{nil, ""}, {[]byte{}, "="}, {[]byte("v"), "dg=="}} {
		if got := EncodeSuccess(c.data); got != c.want {
			t.Errorf("success with %q: %q, want %q", c.data, got, c.want)
		}
	}
}
