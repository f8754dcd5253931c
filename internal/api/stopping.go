package api

import "errors"

// ErrStopping is what reading a body gives when the server stops before all of
// it has arrived. Nothing was done; the client may send it again.
var ErrStopping = errors.New("the server is stopping")
