package store

import (
	"context"
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

// newConnector names the file as a URI, because both drivers cut a plain file
// name at a question mark.
func newConnector(file string) connector {
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a Windows drive
	}
	return connector{newDriver(), "file://" + (&url.URL{Path: path}).EscapedPath()}
}

// Connect opens a connection.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver is the driver of this build.
func (c connector) Driver() driver.Driver { return c.driver }
