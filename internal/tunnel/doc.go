// Package tunnel is an HTTP proxy that leads some host names to this machine.
//
// It owns the proxy protocol: CONNECT for TLS, absolute addresses for plain
// HTTP. Names it does not know it refuses, unless it is told to let them
// through. It never looks into what it carries, and must not know what the
// names mean. Whoever runs it keeps it on loopback: with passthrough it takes
// anybody anywhere.
package tunnel
