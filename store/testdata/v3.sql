-- A database of version 3: what a later version must be able to open. Made from
-- the one of version 2 by its migration, with rows in the new tables; never changed.
PRAGMA user_version = 3;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE account (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	domain      TEXT NOT NULL,
	local       TEXT NOT NULL,
	verifier    TEXT NOT NULL,
	disabled    INTEGER NOT NULL,
	created     INTEGER NOT NULL,
	last_seen   INTEGER NOT NULL DEFAULT 0,
	last_status TEXT NOT NULL DEFAULT '',
	UNIQUE (domain, local)
) STRICT;
INSERT INTO "account" VALUES(1,'montague.example','romeo','romeo''s verifier',0,1690000000000000,1700000000000000,'banished');
INSERT INTO "account" VALUES(2,'capulet.example','juliet','juliet''s verifier',1,1690000000000000,0,'');
CREATE TABLE archive_default (
	account INTEGER PRIMARY KEY NOT NULL,
	keep    TEXT NOT NULL
) STRICT;
INSERT INTO "archive_default" VALUES(1,'keep');
CREATE TABLE archive_key (hex TEXT NOT NULL) STRICT;
INSERT INTO "archive_key" VALUES('f9083f3eab5745ad65a23f4bca3c20da');
CREATE TABLE archive_rule (
	account INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	keep    INTEGER NOT NULL,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;
INSERT INTO "archive_rule" VALUES(1,'friar@laurence.example',1);
CREATE TABLE body (
	id     INTEGER PRIMARY KEY,
	stamp  INTEGER NOT NULL,
	sender TEXT NOT NULL,
	stanza TEXT NOT NULL
) STRICT;
INSERT INTO "body" VALUES(1,1700000000500000,'nurse@capulet.example/hall','<message><body>first</body></message>');
INSERT INTO "body" VALUES(3,1700000002500000,'nurse@capulet.example/hall','<message><body>third</body></message>');
CREATE TABLE message (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	account  INTEGER NOT NULL,
	body     INTEGER NOT NULL,
	owed     INTEGER NOT NULL,
	archived INTEGER NOT NULL
, peer TEXT NOT NULL DEFAULT '', resource TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "message" VALUES(1,1,1,1,0,'','');
INSERT INTO "message" VALUES(2,2,1,1,0,'','');
INSERT INTO "message" VALUES(4,1,3,1,0,'','');
CREATE TABLE message_exception (
	account INTEGER NOT NULL,
	id      INTEGER NOT NULL,
	missed  INTEGER NOT NULL,
	PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "message_exception" VALUES(1,1,1);
CREATE TABLE message_mark (
	account INTEGER PRIMARY KEY NOT NULL,
	upto    INTEGER NOT NULL
) STRICT;
INSERT INTO "message_mark" VALUES(1,3);
CREATE TABLE node (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	account INTEGER NOT NULL,
	host    TEXT NOT NULL,
	name    TEXT NOT NULL,
	creator TEXT NOT NULL,
	created INTEGER NOT NULL,
	config  TEXT NOT NULL,
	expire  INTEGER NOT NULL,
	items   INTEGER NOT NULL DEFAULT 0,
	bytes   INTEGER NOT NULL DEFAULT 0,
	last    INTEGER NOT NULL DEFAULT 0,
	UNIQUE (account, host, name)
) STRICT;
INSERT INTO "node" VALUES(1,1,'host','name','creator',1,'{}',1,1,1,1);
CREATE TABLE node_affiliation (
	node        INTEGER NOT NULL,
	jid         TEXT NOT NULL,
	affiliation TEXT NOT NULL,
	PRIMARY KEY (node, jid)
) STRICT, WITHOUT ROWID;
INSERT INTO "node_affiliation" VALUES(1,'friar@laurence.example','affiliation');
CREATE TABLE node_gone (
	account INTEGER NOT NULL,
	host    TEXT NOT NULL,
	name    TEXT NOT NULL,
	uri     TEXT NOT NULL,
	PRIMARY KEY (account, host, name)
) STRICT, WITHOUT ROWID;
INSERT INTO "node_gone" VALUES(1,'host','name','uri');
CREATE TABLE node_item (
	seq       INTEGER PRIMARY KEY AUTOINCREMENT,
	node      INTEGER NOT NULL,
	id        TEXT NOT NULL,
	publisher TEXT NOT NULL,
	stamp     INTEGER NOT NULL,
	payload   TEXT NOT NULL,
	UNIQUE (node, id)
) STRICT;
INSERT INTO "node_item" VALUES(1,1,'id','publisher',1,'payload');
CREATE TABLE node_subscription (
	node    INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	bare    TEXT NOT NULL,
	state   TEXT NOT NULL,
	options TEXT NOT NULL,
	PRIMARY KEY (node, jid)
) STRICT, WITHOUT ROWID;
INSERT INTO "node_subscription" VALUES(1,'friar@laurence.example','bare','state','options');
CREATE TABLE outbound (
	id      INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	stamp   INTEGER NOT NULL,
	unsent  INTEGER NOT NULL,
	stanza  TEXT NOT NULL
) STRICT;
INSERT INTO "outbound" VALUES(7,1,1700000003000000,0,'<message><body>out</body></message>');
INSERT INTO "outbound" VALUES(8,1,1700000004000000,1,'<message><body>kept</body></message>');
CREATE TABLE parked (
	id      TEXT PRIMARY KEY NOT NULL,
	account INTEGER NOT NULL,
	state   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "parked" VALUES('id',1,'state');
CREATE TABLE private (
	account INTEGER NOT NULL,
	name    TEXT NOT NULL,
	bytes   INTEGER NOT NULL,
	xml     TEXT NOT NULL,
	PRIMARY KEY (account, name)
) STRICT;
INSERT INTO "private" VALUES(1,'{storage:bookmarks}storage',36,'<storage xmlns=''storage:bookmarks''/>');
CREATE TABLE push (
	account INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	node    TEXT NOT NULL,
	options TEXT NOT NULL,
	PRIMARY KEY (account, jid, node)
) STRICT, WITHOUT ROWID;
INSERT INTO "push" VALUES(1,'friar@laurence.example','node','options');
CREATE TABLE resumable (
	id      TEXT PRIMARY KEY NOT NULL,
	account INTEGER NOT NULL,
	handled INTEGER NOT NULL,
	ended   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "resumable" VALUES('id',1,1,1);
CREATE TABLE room (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	host    TEXT NOT NULL,
	local   TEXT NOT NULL,
	config  TEXT NOT NULL,
	subject TEXT NOT NULL,
	secret  TEXT NOT NULL,
	vcard   TEXT NOT NULL,
	created INTEGER NOT NULL,
	UNIQUE (host, local)
) STRICT;
INSERT INTO "room" VALUES(1,'host','local','{}','subject','secret','vcard',1);
CREATE TABLE room_user (
	room        INTEGER NOT NULL,
	jid         TEXT NOT NULL,
	affiliation INTEGER NOT NULL,
	role        INTEGER NOT NULL,
	nick        TEXT NOT NULL,
	reason      TEXT NOT NULL,
	PRIMARY KEY (room, jid)
) STRICT, WITHOUT ROWID;
INSERT INTO "room_user" VALUES(1,'friar@laurence.example',1,1,'nick','reason');
CREATE TABLE roster (
	account INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	name    TEXT NOT NULL,
	groups  TEXT NOT NULL,
	flows   INTEGER NOT NULL,
	pending TEXT NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;
INSERT INTO "roster" VALUES(1,'juliet@capulet.example','Juliet','FriendsVerona',29,'',2);
INSERT INTO "roster" VALUES(1,'tybalt@capulet.example','','',0,'<presence type=''subscribe''/>',3);
CREATE TABLE roster_removed (
	account INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;
INSERT INTO "roster_removed" VALUES(1,'mercutio@montague.example',4);
CREATE TABLE roster_version (
	account INTEGER PRIMARY KEY NOT NULL,
	version INTEGER NOT NULL,
	since   INTEGER NOT NULL
) STRICT;
INSERT INTO "roster_version" VALUES(1,4,0);
CREATE TABLE rule (
	account INTEGER NOT NULL,
	list    TEXT NOT NULL,
	place   INTEGER NOT NULL,
	ord     INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	value   TEXT NOT NULL,
	allow   INTEGER NOT NULL,
	stanzas INTEGER NOT NULL,
	PRIMARY KEY (account, list, place)
) STRICT, WITHOUT ROWID;
INSERT INTO "rule" VALUES(1,'',0,0,'jid','tybalt@capulet.example',0,0);
INSERT INTO "rule" VALUES(1,'quiet',0,2,'','',1,0);
INSERT INTO "rule" VALUES(1,'quiet',1,1,'group','Verona',0,5);
CREATE TABLE rule_default (
	account INTEGER PRIMARY KEY NOT NULL,
	list    TEXT NOT NULL
) STRICT;
INSERT INTO "rule_default" VALUES(1,'quiet');
CREATE TABLE search_changed (
	seq  INTEGER PRIMARY KEY AUTOINCREMENT,
	body INTEGER NOT NULL
) STRICT;
INSERT INTO "search_changed" VALUES(1,1);
CREATE TABLE sent_to (
	account INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	stamp   INTEGER NOT NULL,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;
INSERT INTO "sent_to" VALUES(1,'friar@laurence.example',1700000000000000);
CREATE TABLE setting (
	name  TEXT PRIMARY KEY NOT NULL,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "setting" VALUES('salt','c2FsdA==');
CREATE TABLE token (
	account   INTEGER NOT NULL,
	client    TEXT NOT NULL,
	fresh     INTEGER NOT NULL,
	mechanism TEXT NOT NULL,
	secret    TEXT NOT NULL,
	expires   INTEGER NOT NULL,
	last      INTEGER NOT NULL,
	PRIMARY KEY (account, client, fresh)
) STRICT, WITHOUT ROWID;
INSERT INTO "token" VALUES(1,'client',1,'mechanism','secret',1,1);
CREATE TABLE tombstone (
	domain TEXT NOT NULL,
	local  TEXT NOT NULL,
	until  INTEGER NOT NULL,
	PRIMARY KEY (domain, local)
) STRICT, WITHOUT ROWID;
INSERT INTO "tombstone" VALUES('capulet.example','paris',4000000000000000);
CREATE TABLE upload (
	token   TEXT PRIMARY KEY NOT NULL,
	account INTEGER NOT NULL,
	name    TEXT NOT NULL,
	type    TEXT NOT NULL,
	bytes   INTEGER NOT NULL,
	stored  INTEGER NOT NULL,
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "upload" VALUES('token',1,'name','type',1,1,1,1);
CREATE INDEX message_owed ON message (account, owed);
CREATE INDEX message_body ON message (body);
CREATE INDEX message_peer ON message (account, peer) WHERE peer <> '';
CREATE INDEX room_user_jid ON room_user (jid);
CREATE INDEX room_public ON room (host, local) WHERE json_extract(config, '$.public');
CREATE INDEX node_creator ON node (account, host, creator);
CREATE INDEX node_item_order ON node_item (node, seq);
CREATE INDEX node_affiliation_jid ON node_affiliation (jid);
CREATE INDEX node_subscription_bare ON node_subscription (bare);
CREATE INDEX resumable_ended ON resumable (account, ended);
CREATE INDEX upload_account ON upload (account, created);
CREATE INDEX upload_expires ON upload (expires);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('account',3);
INSERT INTO "sqlite_sequence" VALUES('message',4);
INSERT INTO "sqlite_sequence" VALUES('search_changed',1);
INSERT INTO "sqlite_sequence" VALUES('room',1);
INSERT INTO "sqlite_sequence" VALUES('node',1);
INSERT INTO "sqlite_sequence" VALUES('node_item',1);
COMMIT;
