package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../.."

// TestDistIsFresh fails when somebody changed web/ without `make web`.
func TestDistIsFresh(t *testing.T) {
	t.Parallel()
	for target, build := range targets {
		want, err := build(filepath.Join(root, source))
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(filepath.Join(root, target))
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range want {
			if !bytes.Equal(got[name], content) {
				t.Errorf("%s/%s is stale: run `make web` and commit what changes", target, name)
			}
		}
		for name := range got {
			if want[name] == nil {
				t.Errorf("%s/%s is made from nothing any more: run `make web` and commit what changes", target, name)
			}
		}
	}
}

// TestPagesKeepTheContentSecurityPolicy: the pages' policy admits files only.
func TestPagesKeepTheContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	files, err := bundle(filepath.Join(root, source))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text := string(files[page+".html"])
		for _, forbidden := range []string{"<style", " style=", " onclick=", " onload=", `="/`, "://"} {
			if strings.Contains(text, forbidden) {
				t.Errorf("%s.html contains %q: no inline code, and relative addresses only", page, forbidden)
			}
		}
		if strings.Count(text, "<script") != strings.Count(text, "<script type=\"module\" src=\"assets/") {
			t.Errorf("%s.html has a script that is no file of assets/:\n%s", page, text)
		}
	}
}

func TestABrokenSourceIsToldByFileAndLine(t *testing.T) {
	t.Parallel()
	web := t.TempDir()
	if err := replace(web, map[string][]byte{"sdk/index.ts": []byte("let a = 1;\nlet = ;\n")}); err != nil {
		t.Fatal(err)
	}
	if _, err := bundle(web); err == nil || !strings.Contains(err.Error(), "sdk/index.ts:2:") {
		t.Errorf("error %v must name sdk/index.ts:2", err)
	}
}
