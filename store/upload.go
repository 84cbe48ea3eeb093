package store

// schemaUpload is for uploaded files (XEP-0363).
const schemaUpload = ``
