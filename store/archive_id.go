package store

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
)

// What clients know a message in an archive by says nothing of the archive's
// size or of other archives, and cannot be guessed (XEP-0313 section 3, Message
// archives; XEP-0359 section 6, Security Considerations): it is the owner's
// number and the row's, enciphered with a key of this database.

// archiveKey is the key that the migration made.
func archiveKey(q querier) (text string, err error) {
	err = q.row(`SELECT hex FROM archive_key`, nil, &text)
	return text, wrap("read key of archive ids", err)
}

func newIDs(key string) (cipher.Block, error) {
	raw, err := hex.DecodeString(key)
	if err != nil {
		return nil, wrap("read key of archive ids", err)
	}
	return aes.NewCipher(raw)
}

// ArchiveID is what clients know the message in a row by, in the archive of
// its owner.
func (db *DB) ArchiveID(owner, row int64) string {
	return base64.RawURLEncoding.EncodeToString(db.encipher(owner, row))
}

func (db *DB) encipher(owner, row int64) []byte {
	b := make([]byte, aes.BlockSize)
	binary.BigEndian.PutUint64(b[:8], uint64(owner))
	binary.BigEndian.PutUint64(b[8:], uint64(row))
	db.ids.Encrypt(b, b)
	return b
}

// ArchiveRow is the row that ArchiveID named; false for what is no id of that
// archive. Whether the row is there still is for queries to see.
func (db *DB) ArchiveRow(owner int64, id string) (row int64, ok bool) {
	var b [aes.BlockSize]byte
	raw, err := base64.RawURLEncoding.Strict().DecodeString(id)
	if err != nil || len(raw) != len(b) {
		return 0, false
	}
	db.ids.Decrypt(b[:], raw)
	row = int64(binary.BigEndian.Uint64(b[8:]))
	return row, int64(binary.BigEndian.Uint64(b[:8])) == owner && row > 0
}
