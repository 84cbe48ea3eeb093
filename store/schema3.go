package store

// schema3 brings message archives, rooms, nodes and streams that are resumed;
// each part stands with its functions.
const schema3 = schemaArchive + schemaRoom + schemaPublic + schemaNode + schemaResume + schemaPush + schemaUpload + schemaToken
