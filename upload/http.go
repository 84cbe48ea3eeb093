package upload

import (
	"crypto/subtle"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"parley/store"
)

// ServeHTTP takes and gives files under /upload/TOKEN/NAME.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	// XEP-0363 section 8, Implementation Notes: clients in web pages of any origin
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "OPTIONS, HEAD, GET, PUT")
	h.Set("Access-Control-Allow-Headers", "Content-Type, Range")
	h.Set("Access-Control-Expose-Headers", "Content-Length, Content-Range")
	// section 9.1, Server side: nothing of a file runs in a browser
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	u, ok := f.find(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		f.get(w, r, u)
	case http.MethodPut:
		f.take(w, r, u)
	default:
		h.Set("Allow", "OPTIONS, HEAD, GET, PUT")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

// find is the row of an address, if its name is right too.
func (f *Files) find(r *http.Request) (*store.Upload, bool) {
	token, name, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/upload/"), "/")
	if !ok || len(token) < 20 || len(token) > 64 || strings.ContainsFunc(token, notToken) {
		return nil, false
	}
	u, err := f.db.Upload(r.Context(), token)
	if err != nil {
		if !errors.Is(err, store.ErrNotFound) {
			f.log.Error("upload not found", "err", err)
		}
		return nil, false
	}
	expired := !u.Expires.IsZero() && !u.Expires.After(f.now())
	return &u, u.Name == name && !expired
}

// notToken says that a character is in no token.
func notToken(c rune) bool { return (c < 'A' || c > 'Z') && (c < '2' || c > '7') }

// take writes the file of a slot (XEP-0363 section 7, Upload).
func (f *Files) take(w http.ResponseWriter, r *http.Request, u *store.Upload) {
	signed := subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("put")), []byte(f.sign(u))) == 1
	media := r.Header.Get("Content-Type")
	switch {
	case !signed || u.Created.Add(slotLife).Before(f.now()):
		http.Error(w, "this slot is not yours, or its time is up", http.StatusForbidden)
		return
	case u.Stored:
		http.Error(w, "the file is there already", http.StatusConflict)
		return
	case r.ContentLength != u.Bytes:
		http.Error(w, "the slot is for "+strconv.FormatInt(u.Bytes, 10)+" bytes", http.StatusRequestEntityTooLarge)
		return
	case u.Type != "" && media != "" && !sameMedia(media, u.Type):
		http.Error(w, "the slot is for "+u.Type, http.StatusUnsupportedMediaType)
		return
	}
	if media == "" {
		media = u.Type
	}
	if len(media) > 200 {
		media = ""
	}
	switch err := f.put(r.Context(), u, media, r.Body); {
	case err == nil:
		w.WriteHeader(http.StatusCreated)
	case errors.Is(err, errBadFile):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case errors.Is(err, store.ErrNotFound):
		http.Error(w, "the file is there already", http.StatusConflict)
	default:
		if r.Context().Err() == nil {
			f.log.Error("upload failed", "err", err)
		}
		http.Error(w, "the file could not be written", http.StatusInternalServerError)
	}
}

// sameMedia compares media types without their parameters.
func sameMedia(a, b string) bool { return mediaType(a) == mediaType(b) }

func mediaType(s string) string {
	t, _, err := mime.ParseMediaType(s)
	if err != nil {
		return strings.ToLower(strings.TrimSpace(s))
	}
	return t
}

// get serves a file, whole or in ranges.
func (f *Files) get(w http.ResponseWriter, r *http.Request, u *store.Upload) {
	if !u.Stored {
		http.NotFound(w, r)
		return
	}
	file, err := os.Open(f.file(u.Token))
	if err != nil {
		f.log.Error("uploaded file is missing", "err", err)
		http.NotFound(w, r)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	media, shown := harmless(u.Type)
	h.Set("Content-Type", media)
	disposition := "attachment"
	if shown {
		disposition = "inline"
	}
	h.Set("Content-Disposition", disposition+"; filename*=UTF-8''"+url.PathEscape(u.Name))
	h.Set("Cache-Control", "public, max-age=86400, immutable")
	h.Set("ETag", `"`+u.Token+`"`)
	http.ServeContent(w, r, "", info.ModTime().Truncate(time.Second), file)
}

// harmless is the media type under which a file is served, and whether a browser
// may show it: pictures but SVG, sound, films and plain text hold no scripts.
func harmless(media string) (string, bool) {
	t := mediaType(media)
	switch kind, sub, _ := strings.Cut(t, "/"); {
	case t == "text/plain":
		return "text/plain; charset=utf-8", true
	case kind == "image" && sub != "svg+xml" && plainName(sub),
		(kind == "audio" || kind == "video") && plainName(sub):
		return t, true
	}
	return "application/octet-stream", false
}

// plainName says that a subtype is one that can stand in a header.
func plainName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '+'
	})
}
