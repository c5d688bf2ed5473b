// Package cafile reads the files of certificate authorities that the setting tls_ca_file of a line names, and holds what they had (SE-02).
//
// A file is read when a setting is set to its name, and when the phone starts: what is verified against is what the administrator has set, and
// no file is read while a line connects. A later change of the file takes effect when the setting is set again, when the line is registered by
// hand, or when the phone is restarted.
package cafile

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"hilphone/db/limit"
)

// Files are the files that the lines use, by name. The zero value holds none.
type Files struct {
	mu   sync.Mutex
	held map[string]file
}

// file is what a file had, or why it cannot be used.
type file struct {
	pool *x509.CertPool
	sum  [sha256.Size]byte
	err  error
}

// Check reads a file and holds nothing.
func Check(name string) error { return read(name).err }

func read(name string) file {
	if !filepath.IsAbs(name) {
		return file{err: fmt.Errorf("%s: must be an absolute path", name)} // commands run in other directories than the phone
	}
	text, err := limit.ReadFile(name, limit.FileSize)
	if err != nil {
		return file{err: err}
	}
	f := file{pool: x509.NewCertPool(), sum: sha256.Sum256(text)}
	if !f.pool.AppendCertsFromPEM(text) {
		return file{err: fmt.Errorf("%s: holds no certificate in PEM", name)}
	}
	return f
}

// Read reads a file and holds it in place of what was held before. Changed says that the lines verify against other certificates from now on.
// After an error what was held stays.
func (f *Files) Read(name string) (changed bool, err error) {
	now := read(name)
	if now.err != nil {
		return false, now.err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	before, ok := f.held[name]
	f.hold(name, now)
	return !ok || before.err != nil || before.sum != now.sum, nil
}

// Load reads a file unless it is held. An error is held too, for Roots to return.
func (f *Files) Load(name string) error {
	f.mu.Lock()
	held, ok := f.held[name]
	f.mu.Unlock()
	if ok && held.err == nil {
		return nil
	}
	now := read(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hold(name, now)
	return now.err
}

func (f *Files) hold(name string, now file) {
	if f.held == nil {
		f.held = make(map[string]file)
	}
	f.held[name] = now
}

// Roots returns the certificates of a file as they are held. It reads nothing.
func (f *Files) Roots(name string) (*x509.CertPool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	held, ok := f.held[name]
	if !ok {
		return nil, errors.New(name + ": has not been read")
	}
	return held.pool, held.err
}

// Keep releases all files but those that are used.
func (f *Files) Keep(used func(name string) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.held {
		if !used(name) {
			delete(f.held, name)
		}
	}
}
