// Package console prints one readable line per exchange, with the explanation
// of a refusal under it: what `kvitto dev` shows.
//
// It owns the layout of those lines and that a slow terminal never slows an
// answer. Personal data is masked by rule; secrets are never in an exchange.
// It must not know how exchanges come about.
package console
