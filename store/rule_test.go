package store

import (
	"maps"
	"reflect"
	"slices"
	"testing"
)

func TestRules(t *testing.T) {
	db := openTest(t, Options{})
	block := []Rule{{Type: "jid", Value: "b@x"}, {Type: "jid", Value: "a@x"}}
	work := []Rule{
		{Order: 1, Type: "group", Value: "Work", Allow: true, Kinds: KindMessage | KindPresenceOut},
		{Order: 2},
		{Order: 1 << 31, Type: "subscription", Value: "both", Kinds: KindIQ | KindPresenceIn},
	}
	shuffled := []Rule{work[2], work[0], work[1]}
	update(t, db, func(tx *Tx) error { return tx.SetRules(1, "", block) })
	update(t, db, func(tx *Tx) error { return tx.SetRules(1, "work", shuffled) })
	update(t, db, func(tx *Tx) error { return tx.SetRules(2, "work", block) })
	update(t, db, func(tx *Tx) error { return tx.SetDefaultRules(1, "work") })
	checkRules(t, db, map[string][]Rule{"": block, "work": work}, "work")

	update(t, db, func(tx *Tx) error { return tx.SetRules(1, "", block[1:]) })
	update(t, db, func(tx *Tx) error { return tx.SetRules(1, "work", nil) })
	update(t, db, func(tx *Tx) error { return tx.SetDefaultRules(1, "") })
	checkRules(t, db, map[string][]Rule{"": block[1:]}, "")
	update(t, db, func(tx *Tx) error { return tx.DeleteRules(1) })
	checkRules(t, db, map[string][]Rule{}, "")
}

// checkRules compares the lists of account 1, read beside and inside a write.
func checkRules(t *testing.T, db *DB, want map[string][]Rule, wantDefault string) {
	t.Helper()
	check := func(lists map[string][]Rule, def string, err error) {
		t.Helper()
		if !reflect.DeepEqual(lists, want) || def != wantDefault || err != nil {
			t.Errorf("lists %v, default %q, error %v", lists, def, err)
		}
	}
	check(db.Rules(t.Context(), 1))
	update(t, db, func(tx *Tx) error {
		check(tx.Rules(1))
		return nil
	})
	if lists, _, _ := db.Rules(t.Context(), 2); slices.Collect(maps.Keys(lists)) == nil {
		t.Error("the other account's list is gone")
	}
}
