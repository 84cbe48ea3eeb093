package store

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// crashDir names the folder in which a process of this test binary writes
// until it is killed (see TestMain).
const crashDir = "PARLEY_STORE_CRASH_DIR"

// crashChild writes messages without end and prints those that are done: the
// id and the text of each.
func crashChild(dir string) {
	db, err := Open(context.Background(), dir, Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	slots := make(chan struct{}, 100)
	for n := int64(1); ; n++ {
		slots <- struct{}{}
		var id int64
		db.Write(func(tx *Tx) error {
			body, err := tx.AddBody(strconv.FormatInt(n, 10), "a@b/c", time.Unix(n, 0))
			if err == nil {
				id, err = tx.AddMissed(n%7+1, body, 0)
			}
			return err
		}, func(err error) {
			if err == nil {
				fmt.Println(id, n)
			}
			<-slots
		})
	}
}

// TestCrash kills a process in the middle of a burst, several times: what it
// said was done is there, and the next one goes on from it.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	told := make(map[int64]string) // text by id
	for round := range 5 {
		burst(t, dir, 200+round*300, told)
	}
	db := openIn(t, dir, Options{})
	var check string
	err := db.read(t.Context(), func(c *conn) error {
		return c.row("PRAGMA integrity_check", nil, &check)
	})
	if err != nil || check != "ok" {
		t.Errorf("integrity: %s, %v", check, err)
	}
	found := make(map[int64]string)
	for account := range int64(8) {
		for _, m := range must[[]Message](t)(db.Missed(t.Context(), account, 0, 0)) {
			found[m.ID] = m.Body
		}
	}
	for id, text := range told {
		if found[id] != text {
			t.Errorf("message %d is %q, told was %q", id, found[id], text)
		}
	}
	t.Logf("%d messages told, %d found", len(told), len(found))
}

// burst starts a process and kills it when it has told n messages; what it
// had told by then counts as well.
func burst(t *testing.T, dir string, n int, told map[int64]string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), crashDir+"="+dir)
	child.Stderr = os.Stderr
	out := must[io.ReadCloser](t)(child.StdoutPipe())
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines, i := bufio.NewScanner(out), 0
	for ; lines.Scan(); i++ {
		var id int64
		var text string
		if _, err := fmt.Sscan(lines.Text(), &id, &text); err == nil {
			told[id] = text
		}
		if i == n {
			child.Process.Kill()
		}
	}
	if err := child.Wait(); err == nil || i < n {
		t.Fatalf("the process ended by itself after %d messages", i)
	}
}
