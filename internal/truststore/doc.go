// Package truststore knows how programs are made to trust a certificate.
//
// It owns the ways of each program and system: what to set, which commands to
// run, which take it back. It returns them as data and runs nothing; who does
// shows each command first. It must not know where the certificate comes from.
package truststore
