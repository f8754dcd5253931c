package hostname

// Addresses are what answers lead to. None ends with a slash.
type Addresses struct {
	API     string // where the caller reaches the API, for example https://api.klarna.com
	Browser string // below which a browser finds /kp, for example https://js.klarna.com/eu
}

// Reached is how a request came.
type Reached struct {
	Host   string // the Host header
	Secure bool   // by TLS, to the server or to a trusted proxy
	Path   string // as it was sent
}

// Public knows the addresses of a server. None ends with a slash.
type Public struct {
	Configured string // what the operator says browsers reach; may be empty
	Own        string // where the server listens
}

// Addresses of a request: the configured one for everything; else those that
// belong to the original's name it came under; else the server's own. Other
// names are never repeated, because anybody can write them.
func (p Public) Addresses(r Reached) Addresses {
	if p.Configured != "" {
		return Addresses{p.Configured, p.Configured}
	}
	host, port, ok := Find(r.Host)
	if !ok {
		return Addresses{p.Own, p.Own}
	}
	scheme, port := authority(r.Secure, port)
	own := scheme + host.Name + port
	switch host.Kind {
	case API:
		return Addresses{own, scheme + host.browser() + port + "/" + host.Region}
	case Browser:
		if region := regionOf(r.Path); region != "" {
			return Addresses{own, own + "/" + region}
		}
	}
	return Addresses{own, own}
}

// browser is the name that browsers use beside an API's name.
func (h Host) browser() string {
	for _, other := range hosts {
		if other.Kind == Browser && other.Playground == h.Playground {
			return other.Name
		}
	}
	return h.Name
}

// authority is the scheme and the port of the addresses. Who calls these names
// without a port means HTTPS, whatever a front or a proxy made of it; a port
// other than the usual ones leads straight to one of our listeners.
func authority(secure bool, port string) (scheme, colonPort string) {
	if port == "" || port == "443" || port == "80" {
		return "https://", ""
	}
	if secure {
		return "https://", ":" + port
	}
	return "http://", ":" + port
}
