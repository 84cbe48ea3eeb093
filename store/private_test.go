package store

import (
	"errors"
	"strings"
	"testing"
)

func TestPrivate(t *testing.T) {
	db := openTest(t, Options{})
	const key, other = "{storage:bookmarks}storage", "vcard"
	if _, err := db.Private(t.Context(), 1, key); !errors.Is(err, ErrNotFound) {
		t.Errorf("error %v", err)
	}
	for _, xml := range []string{"<a/>", "<b>\u00fc &amp; \x00</b>", "<c/>"} {
		update(t, db, func(tx *Tx) error {
			err := errors.Join(tx.SetPrivate(1, key, xml, 0), tx.SetPrivate(1, other, "<v/>", 0))
			if got, err := tx.Private(1, key); got != xml || err != nil {
				t.Errorf("inside: %q, %v", got, err)
			}
			return err
		})
		if got := must[string](t)(db.Private(t.Context(), 1, key)); got != xml {
			t.Errorf("%q, want %q", got, xml)
		}
	}
	if _, err := db.Private(t.Context(), 2, key); !errors.Is(err, ErrNotFound) {
		t.Errorf("another account: %v", err)
	}
	update(t, db, func(tx *Tx) error { return tx.SetPrivate(1, key, "", 1) })
	if _, err := db.Private(t.Context(), 1, key); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed: %v", err)
	}
	if got := must[string](t)(db.Private(t.Context(), 1, other)); got != "<v/>" {
		t.Errorf("the other one: %q", got)
	}
}

func TestPrivateQuota(t *testing.T) {
	db := openTest(t, Options{})
	set := func(key string, n int) func(*Tx) error {
		return func(tx *Tx) error { return tx.SetPrivate(1, key, strings.Repeat("ü", n/2), 100) }
	}
	update(t, db, set("a", 60))
	update(t, db, set("b", 40))
	refused(t, db, ErrQuota, set("c", 2))
	refused(t, db, ErrQuota, set("b", 42))
	update(t, db, set("b", 20))
	update(t, db, set("c", 20))
	refused(t, db, ErrQuota, set("d", 102))
	update(t, db, func(tx *Tx) error { return tx.SetPrivate(2, "a", "<other-account/>", 100) })
	if got := must[string](t)(db.Private(t.Context(), 1, "b")); len(got) != 20 {
		t.Errorf("%d bytes", len(got))
	}
}
