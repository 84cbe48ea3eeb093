package upload

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

const (
	ns        = "urn:xmpp:http:upload:0"
	nsPurpose = "urn:xmpp:http:upload:purpose:0"
	// slotLife is how long a slot can be used (XEP-0363 section 8, Implementation Notes).
	slotLife = 5 * time.Minute
	// profileBytes bounds a file for a profile (XEP-0363 section 5.2, Profile).
	profileBytes = 1 << 20
)

// Service is the module of a host that gives out slots.
type Service struct {
	files *Files
	base  string // URL of the HTTP listener, without a slash at its end
	host  *router.Host
}

var _ router.Module = (*Service)(nil)

// New makes the module; base is the address under which clients reach files,
// without a slash at its end.
func New(f *Files, base string) *Service { return &Service{files: f, base: base} }

// Register implements router.Module.
func (m *Service) Register(h *router.Host) {
	m.host = h
	h.Identity(router.ToHost, "store", "file", "HTTP File Upload")
	h.Feature(router.ToHost, ns, nsPurpose+"#message", nsPurpose+"#profile", nsPurpose+"#ephemeral")
	h.DiscoForm(router.ToHost, func() string { // XEP-0363 section 3, Discovering Support
		return form.XML("result", "", ns, form.Field{Var: "max-file-size",
			Values: []string{strconv.Itoa(h.Router.Config().Upload.Size)}})
	})
	h.HandleIQ("get", ns, "request", router.ToHost, m.request)
}

// request gives out a slot (XEP-0363 section 4, Requesting a slot).
func (m *Service) request(ctx context.Context, p *router.Packet) error {
	a, err := m.asker(p)
	if err != nil {
		return err
	}
	q := p.Payload()
	u, err := m.wish(q, time.Now())
	if err != nil {
		return err
	}
	u.Account = a.ID
	c := m.host.Router.Config().Upload
	if !m.files.reserve(u.Bytes, int64(c.Total)) {
		return stanza.ResourceConstraint.WithText("The server has no room for more files.")
	}
	p.Failed(func() { m.files.giveBack(u.Bytes) })
	p.Write(func(tx *store.Tx) error {
		n, first, err := tx.UploadedSince(a.ID, u.Created.Add(-24*time.Hour))
		if err != nil {
			return err
		}
		if n+u.Bytes > int64(c.PerDay) {
			return overQuota(first.Add(24 * time.Hour))
		}
		return tx.AddUpload(u)
	})
	p.Result(m.slot(u))
	return nil
}

// asker is the account that asks: those of this server alone may upload.
func (m *Service) asker(p *router.Packet) (*router.Account, error) {
	if p.Sender == nil || p.Sender.Account.IsGuest() {
		return nil, stanza.Forbidden
	}
	return p.Sender.Account, nil
}

// wish reads a request.
func (m *Service) wish(q *stanza.Element, now time.Time) (*store.Upload, error) {
	name := path.Base("/" + strings.ReplaceAll(q.Attr("filename"), `\`, "/"))
	size, err := strconv.ParseInt(q.Attr("size"), 10, 64)
	if err != nil || size <= 0 || name == "/" || name == "." || name == ".." || len(name) > 1000 {
		return nil, stanza.BadRequest
	}
	c := m.host.Router.Config().Upload
	u := &store.Upload{Token: rand.Text(), Name: name, Type: q.Attr("content-type"), Bytes: size,
		Created: now}
	if len(u.Type) > 200 {
		return nil, stanza.BadRequest
	}
	most := int64(c.Size)
	if c.Days > 0 {
		u.Expires = now.AddDate(0, 0, c.Days)
	}
	switch {
	case q.Child(nsPurpose, "profile") != nil:
		most, u.Expires = min(most, profileBytes), time.Time{}
	case q.Child(nsPurpose, "ephemeral") != nil:
		// XEP-0363 section 5.3, Ephemeral: not available after that time
		before, err := time.Parse(time.RFC3339, q.Child(nsPurpose, "ephemeral").Attr("expire-before"))
		if err != nil || !before.After(now) {
			return nil, stanza.BadRequest
		}
		if u.Expires.IsZero() || before.Before(u.Expires) {
			u.Expires = before
		}
	case q.Child(nsPurpose, "permanent") != nil:
		return nil, stanza.FeatureNotImplemented
	}
	if size > most {
		return nil, tooLarge(most)
	}
	return u, nil
}

// tooLarge says how large a file may be (XEP-0363 section 6, Error conditions).
func tooLarge(most int64) error {
	var b stanza.Builder
	b.Start("file-too-large", ns).Elem("max-file-size", "", strconv.FormatInt(most, 10)).End()
	return stanza.NotAcceptable.WithApp(b.String()).
		WithText(fmt.Sprintf("File too large. The maximum file size is %d bytes", most))
}

// overQuota says when to try again (XEP-0363 section 6, Error conditions).
func overQuota(again time.Time) error {
	var b stanza.Builder
	b.Start("retry", ns, "stamp", again.UTC().Format("2006-01-02T15:04:05Z")).End()
	return stanza.ResourceConstraint.WithApp(b.String()).
		WithText("You have uploaded as much as this server allows in a day.")
}

// slot is the answer to a request.
func (m *Service) slot(u *store.Upload) string {
	get := m.base + "/upload/" + u.Token + "/" + url.PathEscape(u.Name)
	var b stanza.Builder
	b.Start("slot", ns)
	b.Start("put", "", "url", get+"?put="+m.files.sign(u)).End()
	b.Start("get", "", "url", get).End()
	return b.End().String()
}

// Files are the uploaded files of all hosts.
type Files struct {
	db   *store.DB
	dir  string
	key  []byte
	log  *slog.Logger
	used atomic.Int64 // bytes of files and slots
	now  func() time.Time
}

// reserve takes so many bytes of the total, if they are there.
func (f *Files) reserve(n, total int64) bool {
	if f.used.Add(n) <= total {
		return true
	}
	f.used.Add(-n)
	return false
}

func (f *Files) giveBack(n int64) { f.used.Add(-n) }

var errBadFile = errors.New("the file is not what the slot was for")
