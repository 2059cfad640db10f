// Package trust is the domain of Mooring: registries, the chains they present,
// the policies of the tools that use them, and the one judge of both.
//
// It knows no window, runs no command and names no file of any operating
// system. What a tool brings to a connection (its Policy) is read by package
// platform; whether that leads to trust is decided by [Judge] and nowhere else.
package trust
