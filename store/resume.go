package store

// schemaResume is for streams that are resumed (XEP-0198).
const schemaResume = ``
