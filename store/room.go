package store

// schemaRoom is for rooms (XEP-0045).
const schemaRoom = ``
