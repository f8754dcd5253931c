// Package proxy believes what proxies say about a request, if they are trusted.
//
// It owns the headers X-Forwarded-For, -Proto and -Host and Forwarded (RFC
// 7239). Behind its handler a request has the client's address, the host and
// the scheme the client used, whoever sent it; the headers of anybody who is
// not trusted are gone, so that nothing behind it can believe them by mistake.
// It must not know what a request asks for.
package proxy
