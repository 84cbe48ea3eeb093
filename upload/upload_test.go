package upload

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/conf"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// world is the files of one account and a clock.
type world struct {
	t    *testing.T
	db   *store.DB
	f    *Files
	m    *Service
	now  time.Time
	acct store.Account
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	var err error
	if w.db, err = store.Open(t.Context(), t.TempDir(), store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	log := slog.New(slog.DiscardHandler)
	r := router.New(router.Options{Store: w.db, Config: conf.Default(), Log: log})
	w.open()
	w.m = New(w.f, "https://upload.capulet.lit:5443")
	r.AddHost("upload.capulet.lit", false, w.m)
	err = w.db.Update(t.Context(), func(tx *store.Tx) (err error) {
		w.acct, err = tx.CreateAccount("juliet@capulet.lit", "x")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) open() {
	w.t.Helper()
	f, err := Open(w.t.Context(), w.db, filepath.Join(w.t.TempDir(), "upload"), slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	f.now = func() time.Time { return w.now }
	w.f = f
}

// slot makes a slot and returns its row and the path to put to.
func (w *world) slot(name, size, media, purpose string) (*store.Upload, string) {
	w.t.Helper()
	u, err := w.m.wish(request(name, size, media, purpose), w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	u.Account = w.acct.ID
	if !w.f.reserve(u.Bytes, 1<<30) {
		w.t.Fatal("no room")
	}
	if err := w.db.Update(w.t.Context(), func(tx *store.Tx) error { return tx.AddUpload(u) }); err != nil {
		w.t.Fatal(err)
	}
	x := stanza.MustParse(w.m.slot(u)).Root()
	put := x.Child(ns, "put").Attr("url")
	return u, strings.TrimPrefix(put, "https://upload.capulet.lit:5443")
}

func request(name, size, media, purpose string) *stanza.Element {
	var b stanza.Builder
	b.Start("request", ns, "filename", name, "size", size, "content-type", media).Raw(purpose).End()
	return stanza.MustParse(b.String()).Root()
}

func (w *world) do(method, path, media, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.f.ServeHTTP(rec, r)
	return rec.Result()
}

func (w *world) status(what string, got *http.Response, want int) {
	w.t.Helper()
	if got.StatusCode != want {
		body, _ := io.ReadAll(got.Body)
		w.t.Errorf("%s: status %d (%s), want %d", what, got.StatusCode, bytes.TrimSpace(body), want)
	}
}

// TestRound: what was put by the slot's address is got by the other (XEP-0363
// section 7, Upload), whole and in part, and nothing else can be put there.
func TestRound(t *testing.T) {
	w := newWorld(t)
	_, put := w.slot("très cool.jpg", "5", "image/jpeg", "")
	get, _, _ := strings.Cut(put, "?")
	if !strings.HasSuffix(get, "/tr%C3%A8s%20cool.jpg") {
		t.Errorf("address %s does not keep the file's name", get)
	}
	w.status("before", w.do("GET", get, "", ""), http.StatusNotFound)
	w.status("unsigned", w.do("PUT", get, "image/jpeg", "12345"), http.StatusForbidden)
	w.status("signed wrongly", w.do("PUT", get+"?put=00", "image/jpeg", "12345"), http.StatusForbidden)
	w.status("too long", w.do("PUT", put, "image/jpeg", "123456"), http.StatusRequestEntityTooLarge)
	w.status("too short", w.do("PUT", put, "image/jpeg", "1234"), http.StatusRequestEntityTooLarge)
	w.status("another type", w.do("PUT", put, "text/html", "12345"), http.StatusUnsupportedMediaType)
	w.status("put", w.do("PUT", put, "image/jpeg", "12345"), http.StatusCreated)
	w.status("again", w.do("PUT", put, "image/jpeg", "54321"), http.StatusConflict)
	res := w.do("GET", get, "", "")
	w.status("get", res, http.StatusOK)
	if body, _ := io.ReadAll(res.Body); string(body) != "12345" {
		t.Errorf("got %q", body)
	}
	for name, want := range map[string]string{"Content-Type": "image/jpeg",
		"X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "*",
		"Content-Disposition": "inline; filename*=UTF-8''tr%C3%A8s%20cool.jpg"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	res = w.do("GET", get, "", "", "Range", "bytes=1-2")
	w.status("range", res, http.StatusPartialContent)
	if body, _ := io.ReadAll(res.Body); string(body) != "23" {
		t.Errorf("range %q", body)
	}
	w.status("head", w.do("HEAD", get, "", ""), http.StatusOK)
	w.status("post", w.do("POST", get, "", "x"), http.StatusMethodNotAllowed)
	w.status("options", w.do("OPTIONS", get, "", ""), http.StatusNoContent)
	w.status("another name", w.do("GET", strings.Replace(get, "cool", "hot", 1), "", ""), http.StatusNotFound)
	w.status("no token", w.do("GET", "/upload/../../etc/passwd", "", ""), http.StatusNotFound)
}

// TestScripts: what could run in a browser is only handed out as bytes (XEP-0363
// section 9.1, Server side).
func TestScripts(t *testing.T) {
	for media, want := range map[string]string{
		"text/html": "application/octet-stream", "image/svg+xml": "application/octet-stream",
		"application/xhtml+xml": "application/octet-stream", "": "application/octet-stream",
		"image/png": "image/png", "video/mp4; codecs=x": "video/mp4",
		"text/plain": "text/plain; charset=utf-8", "image/x\r\nX-Y: z": "application/octet-stream",
	} {
		if got, _ := harmless(media); got != want {
			t.Errorf("%q is served as %q, want %q", media, got, want)
		}
	}
}

// TestSlotEnds: the time of a slot (XEP-0363 section 8, Implementation Notes) and of a file.
func TestSlotEnds(t *testing.T) {
	w := newWorld(t)
	_, late := w.slot("late.txt", "1", "", "")
	u, put := w.slot("short.txt", "1", "",
		"<ephemeral xmlns='urn:xmpp:http:upload:purpose:0' expire-before='2026-01-02T04:00:00Z'/>")
	p, picture := w.slot("me.png", "1", "image/png", "<profile xmlns='urn:xmpp:http:upload:purpose:0'/>")
	if !p.Expires.IsZero() {
		t.Errorf("a profile's picture expires at %v", p.Expires)
	}
	w.status("put", w.do("PUT", put, "text/plain", "x"), http.StatusCreated)
	w.status("put picture", w.do("PUT", picture, "image/png", "x"), http.StatusCreated)
	w.now = w.now.Add(slotLife + time.Second)
	w.status("late", w.do("PUT", late, "text/plain", "x"), http.StatusForbidden)
	get, _, _ := strings.Cut(put, "?")
	w.now = u.Expires
	w.status("expired", w.do("GET", get, "", ""), http.StatusNotFound)
	w.now = w.now.AddDate(1, 0, 0)
	if err := w.f.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.f.file(u.Token)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an expired file is still there: %v", err)
	}
	if got := w.f.used.Load(); got != 1 {
		t.Errorf("%d bytes are used, want 1", got)
	}
	get, _, _ = strings.Cut(picture, "?")
	w.status("picture", w.do("GET", get, "", ""), http.StatusOK)
	// The account goes, and a day later its files.
	if err := w.db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteUploads(w.acct.ID) }); err != nil {
		t.Fatal(err)
	}
	old := time.Unix(1, 0)
	if err := os.Chtimes(w.f.file(p.Token), old, old); err != nil {
		t.Fatal(err)
	}
	if err := w.f.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.f.file(p.Token)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file of a deleted account is still there: %v", err)
	}
}

// TestBroken: an upload that breaks off leaves the slot as it was.
func TestBroken(t *testing.T) {
	w := newWorld(t)
	u, put := w.slot("a.txt", "5", "", "")
	r := httptest.NewRequest("PUT", put, io.MultiReader(strings.NewReader("12"), broken{}))
	r.ContentLength = 5
	rec := httptest.NewRecorder()
	w.f.ServeHTTP(rec, r)
	w.status("broken", rec.Result(), http.StatusInternalServerError)
	list, err := filepath.Glob(filepath.Join(w.f.dir, u.Token[:2], "*"))
	if err != nil || len(list) > 0 {
		t.Errorf("%v are left, %v", list, err)
	}
	w.status("again", w.do("PUT", put, "", "12345"), http.StatusCreated)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("reset") }

// TestWishes: requests that get no slot, and their errors (XEP-0363 section 6,
// Error conditions).
func TestWishes(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ name, size, purpose, want string }{
		{"a.txt", "0", "", "bad-request"},
		{"a.txt", "-1", "", "bad-request"},
		{"a.txt", "many", "", "bad-request"},
		{"", "1", "", "bad-request"},
		{"..", "1", "", "bad-request"},
		{strings.Repeat("x", 1001), "1", "", "bad-request"},
		{"a.txt", "104857601", "", "not-acceptable"},
		{"a.txt", "1048577", "<profile xmlns='urn:xmpp:http:upload:purpose:0'/>", "not-acceptable"},
		{"a.txt", "1", "<permanent xmlns='urn:xmpp:http:upload:purpose:0'/>", "feature-not-implemented"},
		{"a.txt", "1", "<ephemeral xmlns='urn:xmpp:http:upload:purpose:0'/>", "bad-request"},
	} {
		_, err := w.m.wish(request(c.name, c.size, "", c.purpose), w.now)
		var e *stanza.Error
		if !errors.As(err, &e) || e.Condition != c.want {
			t.Errorf("%.20q %s %s: %v, want %s", c.name, c.size, c.purpose, err, c.want)
		}
	}
	if u, err := w.m.wish(request(`C:\pictures\me.png`, "1", "", ""), w.now); err != nil || u.Name != "me.png" {
		t.Errorf("a path became %+v, %v", u, err)
	}
	if w.f.reserve(1<<40, 1<<30) || w.f.used.Load() != 0 {
		t.Error("more than all there is was reserved")
	}
}
