package contract_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/hostname"
)

// toolMax bounds one run of a tool.
const toolMax = time.Minute

// tool is a program that a shop's code runs on, which calls each API name it is
// given and prints a line "NAME 200" for it.
type tool struct {
	name   string // what must be on the path
	debian string // Debian's
	needed bool   // where CI is set it must be there
	lines  func(t *testing.T, s *server, names []string) []*exec.Cmd
}

// TestToolsUnderTheOriginalNames: what plugins are made of reaches the server
// under the names they have built in, with the trust that kvitto trust tells.
func TestToolsUnderTheOriginalNames(t *testing.T) {
	t.Parallel()
	s := newServer(t, underNames(t))
	var names []string
	for _, host := range hostname.All() {
		if host.Kind == hostname.API {
			names = append(names, host.Name)
		}
	}
	for _, tool := range []tool{
		{"curl", "curl", true, curls},
		{"node", "nodejs", true, nodes},
		{"php", "php-cli php-curl", false, phps},
		{"java", "default-jdk-headless", false, javas},
	} {
		t.Run(tool.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(tool.name); err != nil {
				why := tool.name + " is not installed (Debian: " + tool.debian + "), so it was not run under the original's names"
				if tool.needed && os.Getenv("CI") == "true" {
					t.Fatal(why)
				}
				t.Skip("NOT TESTED: " + why)
			}
			for _, command := range tool.lines(t, s, names) {
				output, err := command.CombinedOutput()
				if err != nil {
					t.Errorf("%v: %v\n%s", command.Args, err, output)
				}
				for _, name := range names {
					if !strings.Contains(string(output), name+" 200\n") {
						t.Errorf("%s did not reach %s:\n%s", tool.name, name, output)
					}
				}
			}
		})
	}
}

// command is a run of a tool, outside any proxy of the machine.
func command(t *testing.T, name string, arguments ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), toolMax)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, name, arguments...)
	c.Env = append(withoutProxy(), "CART="+cart)
	return c
}

// script is a program of testdata/names.
func script(name string) string { return filepath.Join("testdata", "names", name) }

// curls: with --connect-to and --cacert, and with the variables.
func curls(t *testing.T, s *server, names []string) []*exec.Cmd {
	t.Helper()
	calls := []string{"--silent", "--show-error"}
	for i, name := range names {
		if i > 0 {
			calls = append(calls, "--next", "--silent", "--show-error")
		}
		calls = append(calls, "--user", "curl:secret", "--header", "Content-Type: application/json", "--data", cart,
			"--output", os.DevNull, "--write-out", name+" %{http_code}\n", "https://"+name+sessionsPath)
		calls = append(calls, "--cacert", s.app.AuthorityFile, "--connect-to", name+":443:"+s.app.TLSBound)
	}
	proxied := make([]string, 0, len(calls))
	for i := 0; i < len(calls); i++ {
		if calls[i] == "--cacert" || calls[i] == "--connect-to" {
			i++
			continue
		}
		proxied = append(proxied, calls[i])
	}
	variables := command(t, "curl", proxied...)
	variables.Env = append(variables.Env, "https_proxy=http://"+s.app.ProxyBound, "CURL_CA_BUNDLE="+s.app.AuthorityFile)
	return []*exec.Cmd{command(t, "curl", calls...), variables}
}

// nodes: the global fetch through the proxy, and https with an agent that looks
// names up as a hosts file would.
func nodes(t *testing.T, s *server, names []string) []*exec.Cmd {
	t.Helper()
	node := command(t, "node", append([]string{script("calls.mjs")}, names...)...)
	node.Env = append(node.Env, "NODE_EXTRA_CA_CERTS="+s.app.AuthorityFile, "TLS_PORT="+port(s.app.TLSBound), "PROXY_PORT="+port(s.app.ProxyBound))
	return []*exec.Cmd{node}
}

// phps: with its extensions, which may have curl, and with the streams of the
// language alone.
func phps(t *testing.T, s *server, names []string) []*exec.Cmd {
	t.Helper()
	var commands []*exec.Cmd
	for _, own := range [][]string{{}, {"-n"}} {
		arguments := append(own, "-d", "openssl.cafile="+s.app.AuthorityFile, "-d", "curl.cainfo="+s.app.AuthorityFile, script("calls.php"))
		php := command(t, "php", append(arguments, names...)...)
		php.Env = append(php.Env, "PROXY="+s.app.ProxyBound)
		commands = append(commands, php)
	}
	return commands
}

// javas: the client of the JDK, with a truststore as kvitto trust makes it.
func javas(t *testing.T, s *server, names []string) []*exec.Cmd {
	t.Helper()
	store := filepath.Join(t.TempDir(), "truststore")
	if output, err := command(t, "keytool", "-importcert", "-noprompt", "-alias", "kvitto", "-file", s.app.AuthorityFile,
		"-keystore", store, "-storepass", "changeit").CombinedOutput(); err != nil {
		t.Fatalf("keytool: %v\n%s", err, output)
	}
	return []*exec.Cmd{command(t, "java", append([]string{"-Djavax.net.ssl.trustStore=" + store, "-Djavax.net.ssl.trustStorePassword=changeit",
		"-Dhttps.proxyHost=127.0.0.1", "-Dhttps.proxyPort=" + port(s.app.ProxyBound), script("Calls.java")}, names...)...)}
}
