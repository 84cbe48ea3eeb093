package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// schemaRoom is for rooms (XEP-0045). A room's archive is rows of message whose
// account is minus the room's id.
const schemaRoom = `
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

CREATE TABLE room_user (
	room        INTEGER NOT NULL,
	jid         TEXT NOT NULL,
	affiliation INTEGER NOT NULL,
	role        INTEGER NOT NULL,
	nick        TEXT NOT NULL,
	reason      TEXT NOT NULL,
	PRIMARY KEY (room, jid)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_user_jid ON room_user (jid);
`

// Room is a room of a service host. ID is never given out again; the owner of
// the room's archive is -ID.
type Room struct {
	ID      int64
	Host    string
	Local   string
	Config  string // the room's own text form
	Subject string // the last message that set it, "" for none
	Secret  string // the key of its occupant ids
	VCard   string // vcard-temp as XML, "" for none
	Created time.Time
}

// RoomUser is somebody's long-lived association with a room (XEP-0045 section
// 5.2, Affiliations).
type RoomUser struct {
	JID         string // bare, or a domain
	Affiliation int    // as package muc numbers them
	Role        int    // that a moderator gave, likewise; 0 for the usual one
	Nick        string // reserved (XEP-0045 section 7.12), "" for none
	Reason      string
}

const roomColumns = `SELECT id, host, local, config, subject, secret, vcard, created FROM room`

func scanRoom(scan func(...any) error) (r Room, err error) {
	var created int64
	err = scan(&r.ID, &r.Host, &r.Local, &r.Config, &r.Subject, &r.Secret, &r.VCard, &created)
	r.Created = fromMicros(created)
	return r, err
}

// Room finds a room by its address; ErrNotFound if there is none.
func (db *DB) Room(ctx context.Context, host, local string) (Room, error) {
	return get(ctx, db, func(q querier) (Room, error) { return room(q, host, local) })
}

func room(q querier, host, local string) (r Room, err error) {
	found := false
	err = q.each(roomColumns+` WHERE host = ?1 AND local = ?2`, args(host, local),
		func(rows *sql.Rows) (err error) {
			found = true
			r, err = scanRoom(rows.Scan)
			return err
		})
	if err == nil && !found {
		err = ErrNotFound
	}
	return r, wrap("find room", err)
}

// Rooms lists the rooms of a host by name, after the given name ("" to begin),
// at most n (0: all).
func (db *DB) Rooms(ctx context.Context, host, after string, n int) ([]Room, error) {
	return get(ctx, db, func(q querier) (list []Room, err error) {
		err = q.each(roomColumns+` WHERE host = ?1 AND local > ?2 ORDER BY local`+limit3,
			args(host, after, limit(n)), func(rows *sql.Rows) error {
				r, err := scanRoom(rows.Scan)
				list = append(list, r)
				return err
			})
		return list, wrap("list rooms", err)
	})
}

// RoomUsers are all users of a room, by address.
func (db *DB) RoomUsers(ctx context.Context, room int64) ([]RoomUser, error) {
	return get(ctx, db, func(q querier) (list []RoomUser, err error) {
		err = q.each(`SELECT jid, affiliation, role, nick, reason FROM room_user WHERE room = ?1
			ORDER BY jid`, args(room), func(rows *sql.Rows) error {
			var u RoomUser
			err := rows.Scan(&u.JID, &u.Affiliation, &u.Role, &u.Nick, &u.Reason)
			list = append(list, u)
			return err
		})
		return list, wrap("list users of a room", err)
	})
}

// CountRooms is the number of rooms on a host in which the user has this
// affiliation.
func (db *DB) CountRooms(ctx context.Context, host, jid string, affiliation int) (n int, err error) {
	return get(ctx, db, func(q querier) (n int, err error) {
		err = q.row(`SELECT count(*) FROM room_user u JOIN room r ON r.id = u.room
			WHERE u.jid = ?1 AND u.affiliation = ?2 AND r.host = ?3`, args(jid, affiliation, host), &n)
		return n, wrap("count rooms", err)
	})
}

// RoomsOf are the names of the rooms of a host that remember a user.
func (db *DB) RoomsOf(ctx context.Context, host, jid string) ([]string, error) {
	return get(ctx, db, func(q querier) (list []string, err error) {
		err = q.each(`SELECT r.local FROM room_user u JOIN room r ON r.id = u.room
			WHERE u.jid = ?1 AND r.host = ?2 ORDER BY r.local`, args(jid, host),
			func(rows *sql.Rows) error {
				var local string
				err := rows.Scan(&local)
				list = append(list, local)
				return err
			})
		return list, wrap("list rooms of a user", err)
	})
}

// CreateRoom makes a room and returns its id; ErrExists if there is one.
func (tx *Tx) CreateRoom(r *Room) (id int64, err error) {
	err = tx.returning(`INSERT INTO room (host, local, config, subject, secret, vcard, created)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING RETURNING id`,
		args(r.Host, r.Local, r.Config, r.Subject, r.Secret, r.VCard, micros(r.Created)), &id)
	if errors.Is(err, ErrNotFound) {
		err = ErrExists
	}
	return id, wrap("create room", err)
}

// SetRoomConfig replaces the configuration.
func (tx *Tx) SetRoomConfig(room int64, config string) error {
	return wrap("set room configuration",
		tx.do(`UPDATE room SET config = ?2 WHERE id = ?1`, room, config))
}

// SetRoomSubject replaces the message that set the subject.
func (tx *Tx) SetRoomSubject(room int64, subject string) error {
	return wrap("set room subject",
		tx.do(`UPDATE room SET subject = ?2 WHERE id = ?1`, room, subject))
}

// SetRoomVCard replaces the vCard.
func (tx *Tx) SetRoomVCard(room int64, vcard string) error {
	return wrap("set room vcard",
		tx.do(`UPDATE room SET vcard = ?2 WHERE id = ?1`, room, vcard))
}

// SetRoomUser replaces somebody's association with a room. With affiliation 0,
// role 0 and no nick there is none any more.
func (tx *Tx) SetRoomUser(room int64, u RoomUser) error {
	if u.Affiliation == 0 && u.Role == 0 && u.Nick == "" {
		return wrap("remove user of a room",
			tx.do(`DELETE FROM room_user WHERE room = ?1 AND jid = ?2`, room, u.JID))
	}
	return wrap("set user of a room",
		tx.do(`INSERT INTO room_user (room, jid, affiliation, role, nick, reason)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (room, jid) DO UPDATE SET
			affiliation = excluded.affiliation, role = excluded.role, nick = excluded.nick,
			reason = excluded.reason`,
			room, u.JID, u.Affiliation, u.Role, u.Nick, u.Reason))
}

// DeleteRoom removes a room with its users and its archive.
func (tx *Tx) DeleteRoom(room int64) error {
	if err := tx.do(`DELETE FROM room_user WHERE room = ?1`, room); err != nil {
		return wrap("delete users of a room", err)
	}
	if err := tx.do(`DELETE FROM room WHERE id = ?1`, room); err != nil {
		return wrap("delete room", err)
	}
	return tx.DeleteMessages(-room)
}
