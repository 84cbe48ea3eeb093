//go:build !linux

package main

// clockUnset is not known here.
func clockUnset() bool { return false }
