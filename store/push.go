package store

// schemaPush is for push services (XEP-0357).
const schemaPush = ``
