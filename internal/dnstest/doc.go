// Package dnstest is a DNS server on loopback whose answers a test chooses:
// true ones, none, late ones, truncated and forged ones. Over UDP and TCP it
// answers for every name: what it was not told does not exist. It imports
// nothing of ours.
package dnstest
