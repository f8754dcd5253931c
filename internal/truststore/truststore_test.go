package truststore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/truststore"
)

var certificate = truststore.Certificate{File: "/my data/tls/ca.pem", Fingerprint: "0123456789abcdef", KeyHash: "a+b/c="}

// machine has the commands and files that are listed, commands below /bin.
func machine(os string, root bool, there ...string) truststore.Machine {
	return truststore.Machine{
		OS: os, Root: root, Home: "/home/me",
		Find: func(name string) string {
			for _, path := range there {
				if strings.HasSuffix(path, "/bin/"+name) {
					return path
				}
			}
			return ""
		},
		Exists: func(path string) bool { return slices.Contains(there, path) },
	}
}

// text is commands as lines, or why there are none.
func text(commands []truststore.Command, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var lines []string
	for _, command := range commands {
		lines = append(lines, command.String())
	}
	return strings.Join(lines, "\n")
}

func TestEveryTargetIsChangedAndChangedBack(t *testing.T) {
	t.Parallel()
	debian := []string{"/usr/local/share/ca-certificates", "/usr/sbin/bin/update-ca-certificates"}
	fedora := []string{"/etc/pki/ca-trust/source/anchors", "/usr/bin/update-ca-trust"}
	const debianFile, fedoraFile = "/usr/local/share/ca-certificates/kvitto-01234567.crt", "/etc/pki/ca-trust/source/anchors/kvitto-01234567.pem"
	for name, c := range map[string]struct {
		target        string
		on            truststore.Machine
		apply, remove string
	}{
		"Debian as root": {"system", machine("linux", true, append(debian, debianFile)...),
			"install -m 0644 '/my data/tls/ca.pem' " + debianFile + "\nupdate-ca-certificates",
			"rm -f " + debianFile + "\nupdate-ca-certificates --fresh"},
		"Debian with Java": {"system", machine("linux", false, append(debian, debianFile, "/etc/ca-certificates/update.d/jks-keystore")...),
			"sudo install -m 0644 '/my data/tls/ca.pem' " + debianFile + "\nsudo update-ca-certificates",
			"sudo rm -f " + debianFile + "\nsudo update-ca-certificates --fresh\n" +
				"sudo sh -c 'echo -/etc/ssl/certs/kvitto-01234567.pem | /etc/ca-certificates/update.d/jks-keystore'"},
		"Debian, never applied": {"system", machine("linux", true, debian...),
			"install -m 0644 '/my data/tls/ca.pem' " + debianFile + "\nupdate-ca-certificates", ""},
		"Fedora as a user": {"system", machine("linux", false, append(fedora, fedoraFile)...),
			"sudo install -m 0644 '/my data/tls/ca.pem' " + fedoraFile + "\nsudo update-ca-trust extract",
			"sudo rm -f " + fedoraFile + "\nsudo update-ca-trust extract"},
		"macOS": {"system", machine("darwin", false),
			"sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain '/my data/tls/ca.pem'",
			"sudo security remove-trusted-cert -d '/my data/tls/ca.pem'"},
		"a system without a store": {"system", machine("linux", true),
			"error: no way to change what this system trusts is known here: on Linux it needs update-ca-certificates (Debian: ca-certificates) " +
				"or update-ca-trust, on macOS security",
			"error: no way to change what this system trusts is known here: on Linux it needs update-ca-certificates (Debian: ca-certificates) " +
				"or update-ca-trust, on macOS security"},
		"NSS for the first time": {"nss", machine("linux", false, "/usr/bin/certutil"),
			"mkdir -p /home/me/.pki/nssdb\ncertutil -d sql:/home/me/.pki/nssdb -N --empty-password\n" +
				"certutil -d sql:/home/me/.pki/nssdb -A -t C,, -n kvitto-01234567 -i '/my data/tls/ca.pem'", ""},
		"NSS with a database": {"nss", machine("linux", false, "/usr/bin/certutil", "/home/me/.pki/nssdb/cert9.db"),
			"certutil -d sql:/home/me/.pki/nssdb -A -t C,, -n kvitto-01234567 -i '/my data/tls/ca.pem'",
			"certutil -d sql:/home/me/.pki/nssdb -D -n kvitto-01234567"},
		"NSS without certutil": {"nss", machine("linux", false, "/home/me/.pki/nssdb/cert9.db"),
			"error: certutil is not installed; Debian: apt-get install libnss3-tools, Fedora: nss-tools, macOS: brew install nss",
			"error: certutil is not installed; Debian: apt-get install libnss3-tools, Fedora: nss-tools, macOS: brew install nss"},
		"Java": {"java", machine("linux", false, "/opt/java/bin/keytool", "/opt/java/lib/security/cacerts"),
			"cp /opt/java/lib/security/cacerts '/my data/tls/java-truststore'\nkeytool -importcert -noprompt -alias kvitto-01234567 " +
				"-file '/my data/tls/ca.pem' -keystore '/my data/tls/java-truststore' -storepass changeit",
			"rm -f '/my data/tls/java-truststore'"},
		"Java without certificates": {"java", machine("linux", false, "/opt/java/bin/keytool"),
			"rm -f '/my data/tls/java-truststore'\nkeytool -importcert -noprompt -alias kvitto-01234567 " +
				"-file '/my data/tls/ca.pem' -keystore '/my data/tls/java-truststore' -storepass changeit",
			"rm -f '/my data/tls/java-truststore'"},
		"no Java": {"java", machine("linux", false),
			"error: keytool is not installed; it comes with Java (Debian: default-jre-headless)", "rm -f '/my data/tls/java-truststore'"},
		"nonsense": {"windows", machine("linux", true),
			`error: there is no target "windows"; the targets are [system nss java]`, `error: there is no target "windows"; the targets are [system nss java]`},
	} {
		if diff := cmp.Diff(c.apply, text(truststore.Apply(c.target, c.on, certificate))); diff != "" {
			t.Errorf("%s, apply (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(c.remove, text(truststore.Remove(c.target, c.on, certificate))); diff != "" {
			t.Errorf("%s, remove (-want +got):\n%s", name, diff)
		}
	}
}

// TestEveryProgramHasItsWay: also those that are not installed here.
func TestEveryProgramHasItsWay(t *testing.T) {
	t.Parallel()
	said := map[string]string{}
	for _, way := range truststore.Ways(machine("linux", false), certificate) {
		said[way.Name] = strings.Join(way.Lines, "\n")
		if way.For == "" || len(way.Lines) == 0 {
			t.Errorf("%+v says nothing", way)
		}
	}
	for name, want := range map[string]string{
		"curl": "CURL_CA_BUNDLE='/my data/tls/ca.pem'", "php": `curl.cainfo="/my data/tls/ca.pem"`, "node": "NODE_EXTRA_CA_CERTS='/my data/tls/ca.pem'",
		"java": "-Djavax.net.ssl.trustStore='/my data/tls/java-truststore'", "go": "SSL_CERT_FILE=", "nss": "# certutil is not installed",
		"chromium": "--ignore-certificate-errors-spki-list=a+b/c=", "firefox": "sql:PROFILE", "system": "# no way to change",
		"macos": "security add-trusted-cert", "docker": "COPY ca.pem /usr/local/share/ca-certificates/kvitto.crt",
	} {
		if !strings.Contains(said[name], want) {
			t.Errorf("%s: %q does not say %q", name, said[name], want)
		}
	}
	for _, target := range truststore.Targets {
		if said[target] == "" {
			t.Errorf("the target %s is not told", target)
		}
	}
}

func TestAShellReadsWordsAsTheyStand(t *testing.T) {
	t.Parallel()
	command := truststore.Command{"echo", "", "it's", "$HOME", "a b", "-x=/y"}
	if got, want := command.String(), `echo '' 'it'\''s' '$HOME' 'a b' -x=/y`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
