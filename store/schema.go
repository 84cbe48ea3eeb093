package store

// schema1 is version 1. Times are microseconds since 1970, 0 for none.
//
// Ids of accounts and messages are AUTOINCREMENT: one that was given out is
// never used again, because a mark ("taken up to") or a client may know it.
// Small tables that are read by account are clustered by it (WITHOUT ROWID);
// message and body are not: that made inserts three times slower.
const schema1 = `
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

CREATE TABLE tombstone (
	domain TEXT NOT NULL,
	local  TEXT NOT NULL,
	until  INTEGER NOT NULL,
	PRIMARY KEY (domain, local)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
	name  TEXT PRIMARY KEY NOT NULL,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- flows: 1 to, 2 from, 4 ask, 8 approved, 16 listed. Each group ends with U+001F.
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

CREATE TABLE roster_removed (
	account INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;

-- since: removals are known after this version.
CREATE TABLE roster_version (
	account INTEGER PRIMARY KEY NOT NULL,
	version INTEGER NOT NULL,
	since   INTEGER NOT NULL
) STRICT;

CREATE TABLE body (
	id     INTEGER PRIMARY KEY,
	stamp  INTEGER NOT NULL,
	sender TEXT NOT NULL,
	stanza TEXT NOT NULL
) STRICT;

-- owed: the message was for an account that might be offline; never rewritten.
-- archived: the archive shows it. A row that is neither archived nor missed goes.
CREATE TABLE message (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	account  INTEGER NOT NULL,
	body     INTEGER NOT NULL,
	owed     INTEGER NOT NULL,
	archived INTEGER NOT NULL
) STRICT;
CREATE INDEX message_owed ON message (account, owed);
CREATE INDEX message_body ON message (body);

-- What is owed with an id up to upto was taken, but for the exceptions: a row
-- with missed = 1 at or below the mark is missed, one with missed = 0 above it
-- was taken.
CREATE TABLE message_mark (
	account INTEGER PRIMARY KEY NOT NULL,
	upto    INTEGER NOT NULL
) STRICT;
CREATE TABLE message_exception (
	account INTEGER NOT NULL,
	id      INTEGER NOT NULL,
	missed  INTEGER NOT NULL,
	PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sent_to (
	account INTEGER NOT NULL,
	jid     TEXT NOT NULL,
	stamp   INTEGER NOT NULL,
	PRIMARY KEY (account, jid)
) STRICT, WITHOUT ROWID;

CREATE TABLE private (
	account INTEGER NOT NULL,
	name    TEXT NOT NULL,
	bytes   INTEGER NOT NULL,
	xml     TEXT NOT NULL,
	PRIMARY KEY (account, name)
) STRICT;

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

CREATE TABLE rule_default (
	account INTEGER PRIMARY KEY NOT NULL,
	list    TEXT NOT NULL
) STRICT;
`
