// Package service carries commands out: load the session, let checkout decide,
// commit, and answer. One file per operation.
//
// It owns: the order of changes of one session inside this process, the cache
// of recent sessions, retries after a conflict, and finding out which request
// set a value. It must not know: rules (checkout), SQL (store), JSON or HTTP.
package service
