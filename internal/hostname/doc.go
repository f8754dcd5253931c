// Package hostname knows the original's host names, which plugins and pages
// have built in.
//
// It owns the one table of these names, what each stands for, which addresses
// belong together, and how a path under one of them reads in Kvitto's own
// paths. All of it is pure. It must not know how a name is made to lead here:
// certificates, listeners and proxies are elsewhere.
package hostname
