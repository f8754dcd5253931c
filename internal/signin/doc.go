// Package signin lets people into the portal of a server for shops.
//
// It owns: the pages with which people sign in, follow a link, look after their
// account and after each other, the cookies, and the door of the portal's pages.
// It must not know: what is right and what anybody may do, which package account
// says, and what the portal shows.
package signin
