package store

// schemaToken is for tokens and devices (XEP-0484, XEP-0494).
const schemaToken = ``
