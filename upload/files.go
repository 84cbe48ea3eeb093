package upload

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parley/router"
	"parley/store"
)

// keyName is the setting that holds the key by which slots are signed.
const keyName = "upload.key"

// Open opens the files in a folder, which is made if it is not there.
func Open(ctx context.Context, db *store.DB, dir string, log *slog.Logger) (*Files, error) {
	f := &Files{db: db, dir: dir, log: log, now: time.Now}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for uploads: %w", err)
	}
	key, err := db.Setting(ctx, keyName)
	if errors.Is(err, store.ErrNotFound) {
		key = rand.Text()
		err = db.Update(ctx, func(tx *store.Tx) error { return tx.SetSetting(keyName, key) })
	}
	if err != nil {
		return nil, fmt.Errorf("key for uploads: %w", err)
	}
	f.key = []byte(key)
	n, err := db.UploadedBytes(ctx)
	f.used.Store(n)
	return f, err
}

// sign is what a client must know to put the file of a slot.
func (f *Files) sign(u *store.Upload) string {
	h := hmac.New(sha256.New, f.key)
	fmt.Fprintf(h, "%s %d", u.Token, u.Bytes)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// file is where the file of a token is. A token is letters and digits.
func (f *Files) file(token string) string { return filepath.Join(f.dir, token[:2], token) }

// put writes the file of a slot. When it returns without an error, the file
// outlives a crash.
func (f *Files) put(ctx context.Context, u *store.Upload, media string, body io.Reader) error {
	name := f.file(u.Token)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(name), u.Token+".*.part")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	n, err := io.Copy(part, io.LimitReader(body, u.Bytes+1))
	if err == nil && n != u.Bytes {
		err = errBadFile
	}
	if err == nil {
		err = part.Sync()
	}
	if err := errors.Join(err, part.Close()); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), name); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(name)); err != nil {
		return err
	}
	return f.db.Update(ctx, func(tx *store.Tx) error { return tx.Uploaded(u.Token, media) })
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Sweeping is done every hour, and what is older than a day without a row is removed.
const (
	sweepEvery = time.Hour
	orphanAge  = 24 * time.Hour
	sweepStep  = 500
)

// Register implements router.Module for a domain with accounts: what an account
// has uploaded goes with it.
func (f *Files) Register(h *router.Host) {
	h.OnDelete(nil, (*store.Tx).DeleteUploads)
}

// Run removes what has expired until ctx ends.
func (f *Files) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := f.sweep(ctx); err != nil && ctx.Err() == nil {
			f.log.Error("uploads not swept", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sweep removes files that have expired, slots that were not used and files
// without a row.
func (f *Files) sweep(ctx context.Context) error {
	for {
		list, err := f.db.OldUploads(ctx, f.now(), f.now().Add(-2*slotLife), sweepStep)
		if err != nil {
			return err
		}
		for _, u := range list {
			if err := f.remove(ctx, u); err != nil {
				return err
			}
		}
		if len(list) < sweepStep {
			return f.orphans(ctx)
		}
	}
}

func (f *Files) remove(ctx context.Context, u store.Upload) error {
	if err := os.Remove(f.file(u.Token)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := f.db.Update(ctx, func(tx *store.Tx) error { return tx.DeleteUpload(u.Token) })
	if err == nil {
		f.giveBack(u.Bytes)
	}
	return err
}

// orphans removes old files that no row knows: those of deleted accounts, and
// parts that a crash has left. Then it counts again what is used.
func (f *Files) orphans(ctx context.Context) error {
	err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		info, err := d.Info()
		if err != nil || f.now().Sub(info.ModTime()) < orphanAge {
			return nil // it went in the meantime, or it is being written
		}
		token, _, part := strings.Cut(d.Name(), ".")
		if !part {
			if _, err := f.db.Upload(ctx, token); !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return os.Remove(path)
	})
	if err != nil {
		return err
	}
	n, err := f.db.UploadedBytes(ctx)
	if err == nil {
		f.used.Store(n)
	}
	return err
}
