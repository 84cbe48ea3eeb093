package store

import (
	"context"
	"database/sql"
	"slices"
	"unicode"
)

// schemaPublic finds the rooms that a service lists, however many others it has.
// Whether one is listed is in its configuration.
const schemaPublic = `
CREATE INDEX room_public ON room (host, local) WHERE json_extract(config, '$.public');
`

// RoomQuery says which public rooms are wanted. The zero value is all.
type RoomQuery struct {
	After, Before string // names between which they are; "": no limit
	Backward      bool   // the last Max instead of the first
	Max           int    // how many at most
}

// PublicRooms lists public rooms of a host by name.
func (db *DB) PublicRooms(ctx context.Context, host string, query RoomQuery) ([]Room, error) {
	order := ` ORDER BY local LIMIT ?4`
	if query.Backward {
		order = ` ORDER BY local DESC LIMIT ?4`
	}
	if query.Before == "" {
		query.Before = string(unicode.MaxRune) // no name begins with it
	}
	list, err := get(ctx, db, func(q querier) (list []Room, err error) {
		err = q.each(roomColumns+publicRooms+` AND local > ?2 AND local < ?3`+order,
			args(host, query.After, query.Before, query.Max), func(rows *sql.Rows) error {
				r, err := scanRoom(rows.Scan)
				list = append(list, r)
				return err
			})
		return list, wrap("list public rooms", err)
	})
	if query.Backward {
		slices.Reverse(list)
	}
	return list, err
}

const publicRooms = ` WHERE host = ?1 AND json_extract(config, '$.public')`

// CountPublicRooms is how many public rooms a host has.
func (db *DB) CountPublicRooms(ctx context.Context, host string) (int, error) {
	return get(ctx, db, func(q querier) (n int, err error) {
		err = q.row(`SELECT count(*) FROM room`+publicRooms, args(host), &n)
		return n, wrap("count public rooms", err)
	})
}
