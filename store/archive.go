package store

// schemaArchive is for message archives (XEP-0313).
const schemaArchive = ``
