package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"path/filepath"
	"strings"
)

// connector opens connections to one file with the driver of this build. It
// takes the place of a driver name, so that nothing depends on what other
// packages register with database/sql.
type connector struct {
	driver driver.Driver
	dsn    string
}

var _ driver.Connector = connector{}

// openPool names the file as a URI, because both drivers cut a plain file name
// at a question mark.
func openPool(file string) *sql.DB {
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a Windows drive
	}
	uri := "file://" + (&url.URL{Path: path}).EscapedPath()
	return sql.OpenDB(connector{newDriver(), uri})
}

// Connect opens a connection.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver is the driver of this build.
func (c connector) Driver() driver.Driver { return c.driver }
