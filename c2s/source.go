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
func (c *client) Waiting() {
	if c.atWork == 0 {
		return
	}
	c.atWork = 0
	// Few enough for the stack (router.Session.Deferred).
	var few [8]router.Stream
	for _, st := range c.bound.Load().Deferred(few[:0]) {
		if o, ok := st.(*client); ok {
			o.writeNow()
		} else {
			st.Wake()
		}
	}
}

// maxAtWork is how many bytes of stanzas a reader handles before it writes for
// others, even if more have come: whoever sends without a pause must not keep
// those to whom it sends from getting anything until their queues are full.
const maxAtWork = 16 << 10

// work says that the reader has a stanza to handle, behind which it calls
// Waiting.
func (c *client) work(st *stanza.Stanza) {
	if c.atWork >= maxAtWork {
		c.Waiting()
	}
	if c.atWork == 0 {
		c.bound.Load().Defer()
	}
	c.atWork += len(st.Raw)
}

// writeNow writes what is queued without waiting, on the goroutine of another
// client's reader. What would have to wait, and all but the usual, is left to a
// writer.
func (c *client) writeNow() {
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
