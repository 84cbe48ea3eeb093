// Package xep holds the small modules, most of them one XEP in one file with
// its test. A module states in Register all that it does; what it needs of
// other modules it takes as an interface declared here, which package server
// fills in. Modules with tables or an engine of their own are packages of
// their own: archive, muc, pubsub.
package xep
