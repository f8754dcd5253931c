// Package account is about the people who sign in to the portal.
//
// It owns: roles and what each may do, what a password must be and how it is
// kept, codes of authenticator apps, recovery codes, passkeys, sessions, links
// that are good once, how often may be guessed, and what of all that is
// audited. It must not know HTTP or pages; where people are kept is behind
// store.People, store.SignIns and store.Audit. Time and randomness are given.
//
// # What a stolen store gives away
//
// Secrets that are random (sessions, links, recovery codes) are stored as
// SHA-256 only: nobody can try 80 bits and more. Passwords are stored as
// Argon2id, because people choose them. The secrets of authenticator apps must
// be read to be compared with, and are stored as they are: whoever has the store
// has these, and still not the passwords.
package account
