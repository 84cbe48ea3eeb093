package router

import "parley/stanza"

// Late says that something about the packet is still to be written down, for
// which it does not wait: it goes on. What would tell its sender that it was
// taken does wait: whatever follows on the stream and is no message, and the
// end of the stream. hurry is called when something does; it is called under
// the line's lock and must not block; it is nil if the write is on its way
// already. The caller calls written once, when it is written down or need not be
// any more, with no lock held that hurry takes.
func (p *Packet) Late(hurry func()) (written func()) {
	l := p.line
	if l == nil {
		return func() {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p.late = true
	l.delay(p.place)
	if hurry != nil {
		l.hurry = hurry
	}
	return func() { l.written(p.place) }
}

// Hold is Late for what will be handed to the store later: until then nothing that
// follows is taken from a client that counts what is stored, as it could not be
// told that this is missing and that is not (Packet.Counted).
func (p *Packet) Hold() (written func()) {
	written = p.Late(nil)
	if l := p.line; l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		if a := l.acks; a != nil {
			a.held = with(a.held, p.place)
		}
	}
	return written
}

// written takes back what Late has noted.
func (l *Line) written(place uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrive(place)
	l.answer()
	switch {
	case l.head == nil && len(l.late) == 0:
		signal(&l.empty)
	case l.head != nil && (len(l.late) == 0 || l.head.Stanza.Kind == stanza.Message):
		l.revive()
	}
}

// revive runs the line on a goroutine of its own, unless it runs. The lock is
// held.
func (l *Line) revive() {
	if l.running {
		return
	}
	l.running = true
	go func() {
		l.mu.Lock()
		l.loop()
	}()
}

// mustWait says whether the oldest packet, which has not started, would be
// answered before all ahead of it is written down, or counted in its stead. The
// lock is held.
func (l *Line) mustWait(p *Packet) bool {
	if l.acks != nil && len(l.acks.held) > 0 {
		return true
	}
	if len(l.late) == 0 || p.Stanza.Kind == stanza.Message {
		return false
	}
	if l.hurry != nil {
		l.hurry()
	}
	return true
}
