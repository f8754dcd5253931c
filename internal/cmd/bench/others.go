package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
)

// anySession stands where a target has no sessions.
const anySession = "068df601-ad9e-4d43-b3a1-f8b5a5b0ad1c"

func startBare(ctx context.Context) (target, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s, err := start(ctx, self, "-bare")
	if err != nil {
		return nil, err
	}
	return &httpTarget{called: "bare", endpoints: []endpoint{{s.address, anybody}}, ids: []string{anySession}, processes: []*server{s}}, nil
}

// serveBare is what Kvitto is compared with: read the body, answer 204.
func serveBare() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("{\"url\":\"http://%s\"}\n", listener.Addr())
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
}

const nginxConfig = `
worker_processes auto;
pid %[1]s/nginx.pid;
error_log %[1]s/nginx.log;
daemon off;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	keepalive_requests 1000000000;
	server { listen %[2]s backlog=1024; location / { return 204; } }
}
`

func startNginx(ctx context.Context, dir string) (target, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			return nil, fmt.Errorf("nginx: %w (Debian's package nginx-light)", errNotInstalled)
		}
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, dir, address), 0o600); err != nil {
		return nil, err
	}
	s, err := startAt(ctx, address, program, "-p", dir, "-c", config, "-e", filepath.Join(dir, "nginx.log"))
	if err != nil {
		return nil, err
	}
	return &httpTarget{called: "nginx", endpoints: []endpoint{{address, anybody}}, ids: []string{anySession}, processes: []*server{s}}, nil
}

// mockDocument says as much of the update as a mock needs to validate it.
const mockDocument = `{"openapi":"3.0.3","info":{"title":"update","version":"1"},"paths":{"/payments/v1/sessions/{session_id}":{
"post":{"parameters":[{"name":"session_id","in":"path","required":true,"schema":{"type":"string"}}],
"requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object",
"properties":{"purchase_country":{"type":"string"},"purchase_currency":{"type":"string"},"locale":{"type":"string"},
"order_amount":{"type":"integer"},"order_tax_amount":{"type":"integer"},"order_lines":{"type":"array","items":{"type":"object",
"required":["name","quantity","unit_price","total_amount"],"properties":{"name":{"type":"string"},"quantity":{"type":"integer"},
"unit_price":{"type":"integer"},"total_amount":{"type":"integer"},"tax_rate":{"type":"integer"}}}}}}}}},
"responses":{"204":{"description":"updated"}}}}}}`

// startPrism installs the mock into the run's folder with npm.
func startPrism(ctx context.Context, dir string) (target, error) {
	if _, err := exec.LookPath("npm"); err != nil {
		return nil, fmt.Errorf("prism: npm is %w", errNotInstalled)
	}
	install := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--prefix", dir, "@stoplight/prism-cli@5")
	if output, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("prism: %w: npm install: %w\n%s", errNotInstalled, err, output)
	}
	document := filepath.Join(dir, "update.json")
	if err := os.WriteFile(document, []byte(mockDocument), 0o600); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	s, err := startAt(ctx, address, filepath.Join(dir, "node_modules", ".bin", "prism"), "mock", "-h", "127.0.0.1", "-p", port,
		"--verboseLevel", "silent", document)
	if err != nil {
		return nil, err
	}
	return &httpTarget{called: "prism", endpoints: []endpoint{{address, anybody}}, ids: []string{anySession}, processes: []*server{s}}, nil
}
