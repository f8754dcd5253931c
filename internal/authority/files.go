package authority

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The blocks of the issuer's file, in this order.
const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// load reads the issuer's file, and makes it where there is none. Of several
// processes that make it at once one wins, and all read what it made.
func (a *Authority) load() error {
	path := filepath.Join(a.directory, issuerName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := a.create(); err != nil {
			return fmt.Errorf("certificate authority: %w", err)
		}
		if err := a.store(path); err != nil {
			return fmt.Errorf("certificate authority: %w (choose another directory with --data)", err)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return fmt.Errorf("certificate authority: %w", err)
	}
	if err := a.parse(text); err != nil {
		return fmt.Errorf("certificate authority: %s: %w\nmove %s away and a new one is made, to be trusted with kvitto trust", path, err, a.directory)
	}
	return nil
}

// store writes the issuer's file at once or not at all, and never over one
// that is there.
func (a *Authority) store(path string) error {
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, block := range []pem.Block{{Type: certificateBlock, Bytes: a.root.Raw}, {Type: certificateBlock, Bytes: a.issuer.Raw}, {Type: keyBlock, Bytes: key}} {
		if err := pem.Encode(&text, &block); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(a.directory, 0o700); err != nil {
		return err
	}
	whole, err := written(a.directory, text.Bytes())
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(whole) }()
	if err := os.Link(whole, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return os.Rename(whole, path) // a file system without links
	}
	return nil
}

// publish writes the root's certificate for those who trust it.
func (a *Authority) publish() error {
	text := pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: a.root.Raw})
	if there, err := os.ReadFile(a.File()); err == nil && bytes.Equal(there, text) {
		return nil
	}
	whole, err := written(a.directory, text)
	if err == nil {
		err = errors.Join(os.Chmod(whole, 0o644), os.Rename(whole, a.File()))
	}
	if err != nil {
		return fmt.Errorf("certificate authority: %w", err)
	}
	return nil
}

// written is a new file of the directory with the text, for its owner alone.
func written(directory string, text []byte) (path string, err error) {
	file, err := os.CreateTemp(directory, ".new-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// parse takes the issuer's file apart. Whether its parts belong together shows
// when something is signed.
func (a *Authority) parse(text []byte) error {
	var parts [3][]byte
	for i, want := range []string{certificateBlock, certificateBlock, keyBlock} {
		block, rest := pem.Decode(text)
		if block == nil || block.Type != want {
			return fmt.Errorf("block %d is no %s in PEM", i+1, want)
		}
		parts[i], text = block.Bytes, rest
	}
	var err error
	if a.root, err = x509.ParseCertificate(parts[0]); err != nil {
		return fmt.Errorf("root: %w", err)
	}
	if a.issuer, err = x509.ParseCertificate(parts[1]); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(parts[2])
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return fmt.Errorf("key: it is a %T, want one of ECDSA", key)
	}
	if !private.PublicKey.Equal(a.issuer.PublicKey) {
		return errors.New("key: it is not the issuer's")
	}
	a.key = private
	return nil
}
