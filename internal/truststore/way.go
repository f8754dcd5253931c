package truststore

import (
	"path/filepath"
	"strings"
)

// Way is how one kind of program is made to trust the certificate.
type Way struct {
	Name  string   `json:"name"`
	For   string   `json:"for"`
	Lines []string `json:"lines"`
}

// Ways are all that are known, on this machine and in a container.
func Ways(m Machine, c Certificate) []Way {
	file := quoted(c.File)
	return []Way{
		{"curl", "curl; both variables stand instead of the certificates it knows", []string{
			"curl --cacert " + file + " https://api.playground.klarna.com/", "export CURL_CA_BUNDLE=" + file, "export SSL_CERT_FILE=" + file}},
		{"php", "PHP, as lines of php.ini or with -d; instead of the certificates it knows", []string{
			`openssl.cafile="` + c.File + `"`, `curl.cainfo="` + c.File + `"`}}, // a ; would begin a comment
		{"node", "Node, besides the certificates it knows", []string{"export NODE_EXTRA_CA_CERTS=" + file}},
		{"java", "Java, with a truststore of its own; kvitto trust --apply java runs the first lines", append(lines(m.applyJava(c)),
			"java -Djavax.net.ssl.trustStore="+quoted(c.javaStore())+" -Djavax.net.ssl.trustStorePassword="+javaPassword+" ...")},
		{"go", "Go on Linux, besides the directories it knows", []string{"export SSL_CERT_FILE=" + file}},
		{"nss", "Chromium and Chrome on Linux: kvitto trust --apply nss runs this", lines(m.applyNSS(c))},
		{"chromium", "one run of Chromium or Chrome, instead of any store; never the browser you work with", []string{
			"chromium --user-data-dir=\"$(mktemp -d)\" --ignore-certificate-errors-spki-list=" + c.KeyHash}},
		{"firefox", "Firefox, with the directory of its profile", []string{
			Command{"certutil", "-d", "sql:PROFILE", "-A", "-t", "C,,", "-n", c.label(), "-i", c.File}.String()}},
		{"system", "curl, PHP, Go, git and others on this machine: kvitto trust --apply system runs this", lines(m.applySystem(c))},
		{"macos", "Safari, Chrome, curl and Go on macOS", lines(Machine{OS: "darwin"}.applySystem(c))},
		{"docker", "an image of Debian or Alpine, in its Dockerfile; copy " + filepath.Base(c.File) + " beside it", []string{
			"COPY " + filepath.Base(c.File) + " " + containerFile, "RUN update-ca-certificates", "ENV NODE_EXTRA_CA_CERTS=" + containerFile}},
	}
}

// containerFile is where Debian's and Alpine's images look.
const containerFile = "/usr/local/share/ca-certificates/kvitto.crt"

// lines are commands for a shell, or what keeps them from being run.
func lines(commands []Command, err error) []string {
	if err != nil {
		return []string{"# " + strings.ReplaceAll(err.Error(), "\n", "\n# ")}
	}
	text := make([]string, len(commands))
	for i, command := range commands {
		text[i] = command.String()
	}
	return text
}
