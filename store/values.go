package store

import (
	"database/sql"
	"math"
	"time"
)

// micros is how a time is stored: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros is a stored time, in UTC.
func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// limit3 is a LIMIT by the third parameter. SQLite looks at a parameter that
// stands alone there when it plans, so it would make the plan anew for each
// value that is bound, which costs ten times what the statement does.
const limit3 = ` LIMIT ?3 + 0`

// limit is a LIMIT: 0 stands for all.
func limit(n int) int64 {
	if n <= 0 {
		return math.MaxInt64
	}
	return int64(n)
}

// bit is b where v is true.
func bit(v bool, b int64) int64 {
	if v {
		return b
	}
	return 0
}

// texts runs a query for one text column.
func texts(q querier, query string, args ...any) (list []string, err error) {
	err = q.each(query, args, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		list = append(list, s)
		return err
	})
	return list, err
}
