package store

// schemaNode is for nodes and their items (XEP-0060).
const schemaNode = ``
