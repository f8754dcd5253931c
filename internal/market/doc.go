// Package market is the table of the 26 markets: country, currency, locales,
// region and the payment method categories offered there.
//
// It owns facts, no logic beyond look-ups, and must know nothing of sessions
// or transport. Source: Klarna's page of purchase countries, currencies and
// locales, and recorded traffic for the categories.
package market
