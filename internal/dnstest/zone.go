package dnstest

import (
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// SRV is a record that says where a service is. Target "." says that there is
// none.
type SRV struct {
	Priority, Weight, Port uint16
	Target                 string
}

// name is what the server knows of a name.
type name struct {
	srv   []SRV
	a     []netip.Addr
	aaaa  []netip.Addr
	cname string
	rcode dnsmessage.RCode
	ttl   uint32
}

// question is what was asked.
type question struct {
	name string
	typ  dnsmessage.Type
}

// defaultTTL is how long answers hold, in seconds; those that there is nothing
// hold as long.
const defaultTTL = 60

// at is the entry of a name, which SetNX removes again.
func (s *Server) at(host string) *name {
	host = canonical(host)
	if s.zone[host] == nil {
		s.zone[host] = &name{ttl: defaultTTL}
	}
	return s.zone[host]
}

// canonical is a name in lower case, with the last dot.
func canonical(host string) string {
	return strings.ToLower(strings.TrimSuffix(host, ".")) + "."
}

// set changes what is known of a name.
func (s *Server) set(host string, change func(*name)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.at(host))
}

// SetSRV sets the SRV records of a name such as _xmpp-server._tcp.example.net,
// in ASCII as all names here.
func (s *Server) SetSRV(host string, records ...SRV) {
	s.set(host, func(n *name) { n.srv = records })
}

// SetA sets the IPv4 addresses of a name; it panics if one is no address.
func (s *Server) SetA(host string, addrs ...string) {
	s.set(host, func(n *name) { n.a = parse(addrs) })
}

// SetAAAA sets the IPv6 addresses of a name; it panics if one is no address.
func (s *Server) SetAAAA(host string, addrs ...string) {
	s.set(host, func(n *name) { n.aaaa = parse(addrs) })
}

// parse reads addresses.
func parse(addrs []string) []netip.Addr {
	list := make([]netip.Addr, len(addrs))
	for i, a := range addrs {
		list[i] = netip.MustParseAddr(a)
	}
	return list
}

// SetCNAME makes a name an alias of another.
func (s *Server) SetCNAME(host, target string) {
	s.set(host, func(n *name) { n.cname = target })
}

// SetTTL sets how long answers for a name hold, in seconds.
func (s *Server) SetTTL(host string, seconds uint32) {
	s.set(host, func(n *name) { n.ttl = seconds })
}

// SetFail lets queries for a name fail with a code, as a server does that
// cannot find out.
func (s *Server) SetFail(host string, code dnsmessage.RCode) {
	s.set(host, func(n *name) { n.rcode = code })
}

// SetNX removes a name.
func (s *Server) SetNX(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.zone, canonical(host))
}

// Asked is how many queries came for a name, of all types.
func (s *Server) Asked(host string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for q, n := range s.asked {
		if q.name == canonical(host) {
			count += n
		}
	}
	return count
}

// answer makes the reply to a query, nil if it is none.
func (s *Server) answer(query []byte, truncate bool) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || m.Response || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[question{canonical(q.Name.String()), q.Type}]++
	r := dnsmessage.Message{Header: dnsmessage.Header{
		ID: m.ID, Response: true, RecursionDesired: m.RecursionDesired, RecursionAvailable: true,
	}, Questions: m.Questions}
	if truncate {
		r.Truncated = true
	} else {
		s.fill(&r, q)
	}
	reply, err := r.Pack()
	if err != nil { // a name that the test chose
		return nil
	}
	return reply
}

// fill answers a question, following aliases.
func (s *Server) fill(r *dnsmessage.Message, q dnsmessage.Question) {
	at, ttl := q.Name, uint32(defaultTTL)
	for range 8 {
		n := s.zone[canonical(at.String())]
		if n == nil {
			r.RCode = dnsmessage.RCodeNameError
			break
		}
		ttl = n.ttl
		if n.rcode != 0 {
			r.RCode = n.rcode
			return
		}
		add := func(t dnsmessage.Type, body dnsmessage.ResourceBody) {
			r.Answers = append(r.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{
				Name: at, Type: t, Class: dnsmessage.ClassINET, TTL: n.ttl}, Body: body})
		}
		if n.cname == "" {
			n.records(q.Type, add)
			break
		}
		next := dnsmessage.MustNewName(canonical(n.cname))
		add(dnsmessage.TypeCNAME, &dnsmessage.CNAMEResource{CNAME: next})
		at = next
	}
	if len(r.Answers) == 0 || r.RCode != dnsmessage.RCodeSuccess {
		r.Authorities = append(r.Authorities, soa(ttl))
	}
}

// records adds the records of a type.
func (n *name) records(t dnsmessage.Type, add func(dnsmessage.Type, dnsmessage.ResourceBody)) {
	switch t {
	case dnsmessage.TypeSRV:
		for _, r := range n.srv {
			target := dnsmessage.MustNewName(canonical(r.Target))
			add(t, &dnsmessage.SRVResource{
				Priority: r.Priority, Weight: r.Weight, Port: r.Port, Target: target})
		}
	case dnsmessage.TypeA:
		for _, a := range n.a {
			add(t, &dnsmessage.AResource{A: a.As4()})
		}
	case dnsmessage.TypeAAAA:
		for _, a := range n.aaaa {
			add(t, &dnsmessage.AAAAResource{AAAA: a.As16()})
		}
	}
}

// soa says how long an answer that there is nothing holds (RFC 2308 section 5,
// Caching Negative Answers).
func soa(ttl uint32) dnsmessage.Resource {
	root := dnsmessage.MustNewName(".")
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{
			Name: root, Type: dnsmessage.TypeSOA, Class: dnsmessage.ClassINET, TTL: ttl},
		Body: &dnsmessage.SOAResource{NS: root, MBox: root, MinTTL: ttl},
	}
}
