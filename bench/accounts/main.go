// Command accounts fills the data folder of a stopped server with accounts for
// measurements: user0 with password0, user1 with password1 and so on.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"

	"parley/auth"
	"parley/store"
)

func main() {
	data := flag.String("data", "data", "data `folder`")
	domain := flag.String("domain", "localhost", "XMPP domain")
	n := flag.Int("n", 1000, "number of accounts")
	flag.Parse()
	if err := fill(*data, *domain, *n); err != nil {
		fmt.Fprintln(os.Stderr, "accounts:", err)
		os.Exit(1)
	}
}

// fill makes the accounts that are not there yet.
func fill(data, domain string, n int) error {
	ctx := context.Background()
	db, err := store.Open(ctx, data, store.Options{})
	if err != nil {
		return err
	}
	next := make(chan int)
	failed := make(chan error, runtime.NumCPU())
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for i := range next {
				if err := one(ctx, db, fmt.Sprintf("user%d@%s", i, domain), fmt.Sprintf("password%d", i)); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	err = hand(next, failed, n)
	close(next)
	wg.Wait()
	return errors.Join(err, db.Close())
}

// hand gives out the numbers until one has failed.
func hand(next chan<- int, failed <-chan error, n int) error {
	for i := range n {
		select {
		case next <- i:
		case err := <-failed:
			return err
		}
	}
	return nil
}

// iterations is the least that is allowed: what is measured is not the making
// of accounts.
const iterations = 4096

func one(ctx context.Context, db *store.DB, jid, password string) error {
	v, err := auth.NewVerifiers(password, iterations)
	if err != nil {
		return err
	}
	err = db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.CreateAccount(jid, v.Encode())
		return err
	})
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}
