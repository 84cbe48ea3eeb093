// Package upload lets accounts upload files by HTTP (XEP-0363: HTTP File
// Upload). The module of the service host gives out slots, Handler takes the
// file of a slot and serves it to who knows its address.
//
// The address of a file is a random token; to put the file there takes a
// signature too, which only the slot has. A file is written beside its place,
// synced and renamed before its row says that it is there, and what has no row
// is removed.
package upload
