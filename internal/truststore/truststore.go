package truststore

import (
	"path/filepath"
	"strings"
)

// Certificate is what to trust.
type Certificate struct {
	File        string // its path, PEM
	Fingerprint string // SHA-256 in hexadecimal
	KeyHash     string // SHA-256 of the key below it that signs for names, in base64
}

// label names the certificate in stores that others use too.
func (c Certificate) label() string { return "kvitto-" + c.Fingerprint[:min(8, len(c.Fingerprint))] }

// javaStore is a truststore of its own, beside the certificate.
func (c Certificate) javaStore() string {
	return filepath.Join(filepath.Dir(c.File), "java-truststore")
}

// Machine is where the certificate is to be trusted.
type Machine struct {
	OS     string                   // as runtime.GOOS
	Root   bool                     // the user may change the system
	Home   string                   // the user's directory
	Find   func(name string) string // path of a command, links followed; empty when there is none
	Exists func(path string) bool   // is there such a file or directory
}

// Command is one command with its arguments.
type Command []string

// String is the command as a POSIX shell reads it.
func (c Command) String() string {
	words := make([]string, len(c))
	for i, word := range c {
		words[i] = quoted(word)
	}
	return strings.Join(words, " ")
}

// quoted is a word that a POSIX shell takes as it stands.
func quoted(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
