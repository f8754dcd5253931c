// Command webbuild bundles web/ into internal/widget/dist and
// internal/portal/dist, which are committed and embedded, so that `go install`
// needs neither node nor this program.
//
// It owns what is bundled and how the files are named. It must not know what is
// in them. esbuild is linked into this program only, never into kvitto.
package main
