package xep_test

import (
	"context"
	"testing"
)

// Every account of a form is disabled, also in the store (XEP-0133 section 4.3,
// Disable User).
func TestAdminDisableAll(t *testing.T) {
	runAdmin(t, "", func(w *service) {
		w.Account("nurse@a.lit")
		w.Remove("juliet")
		want(t, "disable", w.run("disable-user",
			"accountjids=juliet@a.lit", "accountjids=nurse@a.lit"), "status='completed'")
		for _, jid := range []string{"juliet@a.lit", "nurse@a.lit"} {
			if a, err := w.Store.Account(context.Background(), jid); err != nil || !a.Disabled {
				t.Errorf("%s is disabled: %v, %v", jid, a.Disabled, err)
			}
		}
	})
}
