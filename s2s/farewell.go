package s2s

import (
	"context"
	"time"

	"parley/stanza"
	"parley/stream"
)

// readOnFor is how long a peer has to close its stream when we have closed ours.
const readOnFor = time.Second

// farewell ends our stream and waits for the end of the peer's (RFC 6120 section
// 4.4, Closing a Stream). What a peer wrote before it knew is lost without it or
// anybody knowing, unless it is still taken. Only a peer that our last words told
// how far we have come sends it again (XEP-0198 section 4, Acks).
func (l *link) farewell(last []byte, takesMore bool) {
	if l.counts || !takesMore {
		l.conn.Farewell(last)
		return
	}
	defer l.conn.Close()
	if l.conn.LastWords(last, readOnFor) != nil {
		return
	}
	// The deadline of the connection ends this.
	for ctx := context.Background(); l.takeLate(ctx) == nil; {
	}
	ctx, cancel := context.WithTimeout(context.Background(), readOnFor)
	defer cancel()
	l.line.WriteDeferred()
	_ = l.line.Flush(ctx) // what is not finished by then is finished without us
}

// takeLate takes what the peer sends behind the end of our stream. Only stanzas
// are taken: there is nothing left to negotiate.
func (l *link) takeLate(ctx context.Context) error {
	tok, st, err := l.conn.Next(ctx)
	switch {
	case err == stream.ErrIdle:
		return l.conn.Wait()
	case err != nil:
		return err
	case tok == stanza.Closed:
		return errEnded
	case tok == stanza.Found && st.Kind != stanza.Other:
		return l.stanza(ctx, st)
	}
	return nil
}
