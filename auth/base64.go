package auth

import (
	"encoding/base64"
	"errors"
	"strings"
)

var errBase64 = errors.New("not canonical base64")

// DecodeInitial decodes the character data of <auth/>: nil for none, and an
// empty message for "=" (RFC 6120 section 6.4.2, Initiation).
func DecodeInitial(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	return DecodeResponse(text)
}

// DecodeResponse decodes the character data of <response/>; none is an empty
// message (RFC 6120 section 6.4.3, Challenge-Response Sequence). COMPAT:
// mellium writes an empty <response/> as "=", like an initial one.
func DecodeResponse(text string) ([]byte, error) {
	if text == "" || text == "=" {
		return []byte{}, nil
	}
	message, err := decodeBase64(text)
	if err != nil {
		return nil, IncorrectEncoding.from(err)
	}
	return message, nil
}

// EncodeChallenge encodes what goes into <challenge/>.
func EncodeChallenge(challenge []byte) string {
	return base64.StdEncoding.EncodeToString(challenge)
}

// EncodeSuccess encodes what goes into <success/>: nothing when the mechanism
// has no additional data, "=" when they are empty (RFC 6120 section 6.4.6, SASL
// Success).
func EncodeSuccess(data []byte) string {
	if data != nil && len(data) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(data)
}

// decodeBase64 takes the canonical form only: no character outside the
// alphabet and no padding but at the end (RFC 6120 section 13.9.1, Use of
// Base 64 in SASL), padding bits of zero (RFC 6120 section 6.3.5, Data
// Formatting), no whitespace (RFC 5802 section 2.1, Terminology).
func decodeBase64(text string) ([]byte, error) {
	// encoding/base64 skips line ends even when it is strict.
	if strings.ContainsAny(text, "\r\n") {
		return nil, errBase64
	}
	message, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errBase64
	}
	return message, nil
}
