-- A database of version 2: what a later version must be able to open. Made with
-- that version's methods and dumped by the sqlite3 shell; never changed.
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
INSERT INTO account VALUES(1,'montague.example','romeo','romeo''s verifier',0,1690000000000000,1700000000000000,'banished');
INSERT INTO account VALUES(2,'capulet.example','juliet','juliet''s verifier',1,1690000000000000,0,'');
CREATE TABLE tombstone (
	domain TEXT NOT NULL,
	local  TEXT NOT NULL,
	until  INTEGER NOT NULL,
	PRIMARY KEY (domain, local)
) STRICT, WITHOUT ROWID;
INSERT INTO tombstone VALUES('capulet.example','paris',4000000000000000);
CREATE TABLE setting (
	name  TEXT PRIMARY KEY NOT NULL,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO setting VALUES('salt','c2FsdA==');
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
INSERT INTO roster VALUES(1,'juliet@capulet.example','Juliet','FriendsVerona',29,'',2);
INSERT INTO roster VALUES(1,'tybalt@capulet.example','','',0,'<presence type=''subscribe''/>',3);
CREATE TABLE roster_removed (
	account INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;
INSERT INTO roster_removed VALUES(1,'mercutio@montague.example',4);
CREATE TABLE roster_version (
	account INTEGER PRIMARY KEY NOT NULL,
	version INTEGER NOT NULL,
	since   INTEGER NOT NULL
) STRICT;
INSERT INTO roster_version VALUES(1,4,0);
CREATE TABLE body (
	id     INTEGER PRIMARY KEY,
	stamp  INTEGER NOT NULL,
	sender TEXT NOT NULL,
	stanza TEXT NOT NULL
) STRICT;
INSERT INTO body VALUES(1,1700000000500000,'nurse@capulet.example/hall','<message><body>first</body></message>');
INSERT INTO body VALUES(3,1700000002500000,'nurse@capulet.example/hall','<message><body>third</body></message>');
CREATE TABLE message (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	account  INTEGER NOT NULL,
	body     INTEGER NOT NULL,
	owed     INTEGER NOT NULL,
	archived INTEGER NOT NULL
) STRICT;
INSERT INTO message VALUES(1,1,1,1,0);
INSERT INTO message VALUES(2,2,1,1,0);
INSERT INTO message VALUES(4,1,3,1,0);
CREATE TABLE message_mark (
	account INTEGER PRIMARY KEY NOT NULL,
	upto    INTEGER NOT NULL
) STRICT;
INSERT INTO message_mark VALUES(1,3);
CREATE TABLE message_exception (
	account INTEGER NOT NULL,
	id      INTEGER NOT NULL,
	missed  INTEGER NOT NULL,
	PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
INSERT INTO message_exception VALUES(1,1,1);
CREATE TABLE sent_to (
	account INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	stamp   INTEGER NOT NULL,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;
INSERT INTO sent_to VALUES(1,'friar@laurence.example',1700000000000000);
CREATE TABLE private (
	account INTEGER NOT NULL,
	name    TEXT NOT NULL,
	bytes   INTEGER NOT NULL,
	xml     TEXT NOT NULL,
	PRIMARY KEY (account, name)
) STRICT;
INSERT INTO private VALUES(1,'{storage:bookmarks}storage',36,'<storage xmlns=''storage:bookmarks''/>');
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
INSERT INTO rule VALUES(1,'',0,0,'jid','tybalt@capulet.example',0,0);
INSERT INTO rule VALUES(1,'quiet',0,2,'','',1,0);
INSERT INTO rule VALUES(1,'quiet',1,1,'group','Verona',0,5);
CREATE TABLE rule_default (
	account INTEGER PRIMARY KEY NOT NULL,
	list    TEXT NOT NULL
) STRICT;
INSERT INTO rule_default VALUES(1,'quiet');
-- unsent: no byte of it went out when the server was stopped.
CREATE TABLE outbound (
	id      INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	stamp   INTEGER NOT NULL,
	unsent  INTEGER NOT NULL,
	stanza  TEXT NOT NULL
) STRICT;
INSERT INTO outbound VALUES(7,1,1700000003000000,0,'<message><body>out</body></message>');
INSERT INTO outbound VALUES(8,1,1700000004000000,1,'<message><body>kept</body></message>');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('account',3);
INSERT INTO sqlite_sequence VALUES('message',4);
CREATE INDEX message_owed ON message (account, owed);
CREATE INDEX message_body ON message (body);
COMMIT;
