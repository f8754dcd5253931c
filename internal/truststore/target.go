package truststore

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Targets are the stores that commands can change, in the order of telling.
var Targets = []string{"system", "nss", "java"}

// javaPassword is what Java's own truststore has everywhere; it guards nothing.
const javaPassword = "changeit"

// Apply returns the commands that make a target trust the certificate. They may
// be run again. The error says what is missing on the machine.
func Apply(target string, m Machine, c Certificate) ([]Command, error) {
	switch target {
	case "system":
		return m.applySystem(c)
	case "nss":
		return m.applyNSS(c)
	case "java":
		return m.applyJava(c)
	}
	return nil, unknown(target)
}

// Remove returns the commands that undo Apply; none when there is nothing.
func Remove(target string, m Machine, c Certificate) ([]Command, error) {
	switch target {
	case "system":
		return m.removeSystem(c)
	case "nss":
		if !m.Exists(filepath.Join(m.nssDirectory(), "cert9.db")) {
			return nil, nil
		}
		if m.Find("certutil") == "" {
			return nil, errNoCertutil
		}
		return []Command{{"certutil", "-d", m.nss(), "-D", "-n", c.label()}}, nil
	case "java":
		return []Command{{"rm", "-f", c.javaStore()}}, nil
	}
	return nil, unknown(target)
}

func unknown(target string) error {
	return fmt.Errorf("there is no target %q; the targets are %v", target, Targets)
}

// anchors is where a system keeps what its administrator trusts.
type anchors struct {
	directory, suffix string
	update            Command // after a file came
	forget            Command // after a file went
}

// linuxAnchors are Debian's (Ubuntu, Alpine) and Red Hat's (Fedora, SUSE).
var linuxAnchors = []anchors{
	{"/usr/local/share/ca-certificates", ".crt", Command{"update-ca-certificates"}, Command{"update-ca-certificates", "--fresh"}},
	{"/etc/pki/ca-trust/source/anchors", ".pem", Command{"update-ca-trust", "extract"}, Command{"update-ca-trust", "extract"}},
	{"/etc/pki/trust/anchors", ".pem", Command{"update-ca-certificates"}, Command{"update-ca-certificates", "--fresh"}},
}

var errNoSystemStore = errors.New("no way to change what this system trusts is known here: " +
	"on Linux it needs update-ca-certificates (Debian: ca-certificates) or update-ca-trust, on macOS security")

func (m Machine) systemAnchors() (anchors, error) {
	for _, a := range linuxAnchors {
		if m.OS == "linux" && m.Exists(a.directory) && m.Find(a.update[0]) != "" {
			return a, nil
		}
	}
	return anchors{}, errNoSystemStore
}

// keychain is where macOS keeps what its administrator trusts.
const keychain = "/Library/Keychains/System.keychain"

func (m Machine) applySystem(c Certificate) ([]Command, error) {
	if m.OS == "darwin" {
		return m.asRoot(Command{"security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k", keychain, c.File}), nil
	}
	a, err := m.systemAnchors()
	if err != nil {
		return nil, err
	}
	return m.asRoot(Command{"install", "-m", "0644", c.File, a.file(c)}, a.update), nil
}

func (m Machine) removeSystem(c Certificate) ([]Command, error) {
	if m.OS == "darwin" {
		return m.asRoot(Command{"security", "remove-trusted-cert", "-d", c.File}), nil
	}
	a, err := m.systemAnchors()
	if err != nil || !m.Exists(a.file(c)) {
		return nil, err
	}
	commands := m.asRoot(Command{"rm", "-f", a.file(c)}, a.forget)
	if m.Exists(javaHook) {
		// Debian's update adds such files to Java's certificates, and does not
		// tell the hook that one went.
		gone := "echo -/etc/ssl/certs/" + c.label() + ".pem | " + javaHook
		commands = append(commands, m.asRoot(Command{"sh", "-c", gone})...)
	}
	return commands, nil
}

// javaHook is how Debian keeps Java's certificates like the system's.
const javaHook = "/etc/ca-certificates/update.d/jks-keystore"

func (a anchors) file(c Certificate) string { return filepath.Join(a.directory, c.label()+a.suffix) }

func (m Machine) asRoot(commands ...Command) []Command {
	if m.Root {
		return commands
	}
	for i, command := range commands {
		commands[i] = append(Command{"sudo"}, command...)
	}
	return commands
}

// nssDirectory is the database that Chromium and Chrome on Linux read.
func (m Machine) nssDirectory() string { return filepath.Join(m.Home, ".pki", "nssdb") }

func (m Machine) nss() string { return "sql:" + m.nssDirectory() }

var errNoCertutil = errors.New("certutil is not installed; Debian: apt-get install libnss3-tools, Fedora: nss-tools, macOS: brew install nss")

func (m Machine) applyNSS(c Certificate) ([]Command, error) {
	if m.Find("certutil") == "" {
		return nil, errNoCertutil
	}
	if m.Home == "" {
		return nil, errors.New("HOME is not set, so nobody knows whose database it is")
	}
	var commands []Command
	if !m.Exists(filepath.Join(m.nssDirectory(), "cert9.db")) {
		commands = append(commands, Command{"mkdir", "-p", m.nssDirectory()}, Command{"certutil", "-d", m.nss(), "-N", "--empty-password"})
	}
	return append(commands, Command{"certutil", "-d", m.nss(), "-A", "-t", "C,,", "-n", c.label(), "-i", c.File}), nil
}

// applyJava makes a truststore beside the certificate: Java's own with one more
// entry, so that everything else stays trusted. Java's own stays as it is.
func (m Machine) applyJava(c Certificate) ([]Command, error) {
	keytool := m.Find("keytool")
	if keytool == "" {
		return nil, errors.New("keytool is not installed; it comes with Java (Debian: default-jre-headless)")
	}
	start := Command{"rm", "-f", c.javaStore()}
	if own := filepath.Join(filepath.Dir(filepath.Dir(keytool)), "lib", "security", "cacerts"); m.Exists(own) {
		start = Command{"cp", own, c.javaStore()}
	}
	return []Command{start, {"keytool", "-importcert", "-noprompt", "-alias", c.label(), "-file", c.File,
		"-keystore", c.javaStore(), "-storepass", javaPassword}}, nil
}
