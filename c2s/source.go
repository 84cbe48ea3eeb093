package c2s

import (
	"parley/router"
	"parley/stanza"
)

// The client is the source of its connection's stanzas, and writes what they
// have put into other queues before it reads on.

// Incoming implements stream.Source.
func (c *client) Incoming() *stanza.Stanza { return c.bound.Load().Incoming() }

// Park implements stream.Source.
func (c *client) Park() { c.bound.Load().Park() }

// Waiting implements stream.Source.
func (c *client) Waiting() { c.bound.Load().WriteDeferred() }

// WriteNow implements router.Writer. What would have to wait, and all but the
// usual, is left to a writer.
func (c *client) WriteNow() {
	if !c.claim() {
		return
	}
	session := c.bound.Load()
	if b, ok := session.Take(); ok {
		done, err := c.conn.TryWrite(b.Bytes)
		if err != nil || !done {
			go c.writeRest(b, err)
			return
		}
		session.Written(b, nil)
	}
	c.mu.Lock()
	quiet := !c.more && !c.closing() && !c.readDone
	c.writing = !quiet
	c.mu.Unlock()
	if !quiet {
		go c.write()
	}
}

// writeRest is write for one who has taken a batch and tried to write it.
func (c *client) writeRest(b router.Batch, err error) {
	if err == nil {
		err = c.conn.Flush()
	}
	if c.written(b, err) {
		c.write()
	}
}
