package resolve

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// answer is what a DNS server says about one name and type.
type answer struct {
	srv   []srvRecord
	addrs []netip.Addr
	at    string        // the name at the end of the aliases, lower case, with the last dot
	ttl   time.Duration // how long it holds; 0: it must be asked for again
	gone  bool          // there is no such name
}

// srvRecord is an SRV record (RFC 2782); target is in lower case, without the
// last dot.
type srvRecord struct {
	priority, weight, port uint16
	target                 string
}

// none says whether there are no records.
func (a *answer) none() bool { return len(a.srv)+len(a.addrs) == 0 }

var (
	errOther     = errors.New("answer to another query")
	errTruncated = errors.New("answer is truncated")
)

// mostRecords bounds what is read of one answer.
const mostRecords = 64

// payload is how much we take in one datagram: what fits into one packet
// nearly everywhere.
const payload = 1232

// question makes the question about a name in ASCII, without the last dot.
func question(name string, t dnsmessage.Type) (dnsmessage.Question, error) {
	n, err := dnsmessage.NewName(name + ".")
	return dnsmessage.Question{Name: n, Type: t, Class: dnsmessage.ClassINET}, err
}

// packQuery writes a query.
func packQuery(id uint16, q dnsmessage.Question) ([]byte, error) {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: id, RecursionDesired: true})
	var opt dnsmessage.ResourceHeader
	err := errors.Join(b.StartQuestions(), b.Question(q), b.StartAdditionals(),
		opt.SetEDNS0(payload, dnsmessage.RCodeSuccess, false),
		b.OPTResource(opt, dnsmessage.OPTResource{}))
	if err != nil {
		return nil, err
	}
	return b.Finish()
}

// readAnswer reads the reply to a query. errOther is a reply to something else,
// which somebody sends who hopes to be believed: whoever waits goes on waiting.
func readAnswer(msg []byte, id uint16, q dnsmessage.Question) (*answer, error) {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil || h.ID != id || !h.Response || h.OpCode != 0 {
		return nil, errOther
	}
	asked, err := p.AllQuestions()
	if err != nil || len(asked) != 1 || asked[0].Type != q.Type || asked[0].Class != q.Class ||
		lower(asked[0].Name) != lower(q.Name) {
		return nil, errOther
	}
	switch {
	case h.Truncated:
		return nil, errTruncated
	case h.RCode != dnsmessage.RCodeSuccess && h.RCode != dnsmessage.RCodeNameError:
		return nil, fmt.Errorf("answers %s", codeName(h.RCode))
	}
	a, err := readRecords(&p, q)
	if err != nil {
		return nil, fmt.Errorf("sends a malformed answer: %w", err)
	}
	a.gone = h.RCode == dnsmessage.RCodeNameError
	if !a.none() && !a.gone {
		return a, nil
	}
	if !h.Authoritative && !h.RecursionAvailable && !a.gone && a.at == lower(q.Name) {
		return nil, errors.New("only refers to other servers")
	}
	a.srv, a.addrs = nil, nil
	a.ttl = min(a.ttl, negativeTTL(&p))
	return a, nil
}

// lower is a name as it is compared (RFC 1034 section 3.1, Name space
// specifications and terminology).
func lower(n dnsmessage.Name) string { return strings.ToLower(n.String()) }

// codeName is a response code as DNS people call it.
func codeName(c dnsmessage.RCode) string {
	switch c {
	case dnsmessage.RCodeFormatError:
		return "FORMERR (it does not understand the query)"
	case dnsmessage.RCodeServerFailure:
		return "SERVFAIL (it could not find out)"
	case dnsmessage.RCodeNotImplemented:
		return "NOTIMP (it cannot do that)"
	case dnsmessage.RCodeRefused:
		return "REFUSED (it does not want to)"
	}
	return fmt.Sprintf("with code %d", c)
}

// record is one record of an answer.
type record struct {
	owner string
	ttl   uint32
	srv   *srvRecord
	addr  netip.Addr
}

// readRecords reads the answer section: aliases from the name that was asked
// for, in any order, and the records of the name where they end. What else there
// is was not asked for, and is not believed.
func readRecords(p *dnsmessage.Parser, q dnsmessage.Question) (*answer, error) {
	alias, records, err := collect(p, q)
	if err != nil {
		return nil, err
	}
	a := &answer{at: lower(q.Name), ttl: time.Duration(1<<31) * time.Second}
	hold := func(ttl uint32) {
		if ttl>>31 != 0 { // no sensible time
			ttl = 0
		}
		a.ttl = min(a.ttl, time.Duration(ttl)*time.Second)
	}
	for range mostAliases {
		next, ok := alias[a.at]
		if !ok {
			break
		}
		hold(next.ttl)
		a.at = next.owner
	}
	if _, ok := alias[a.at]; ok {
		return nil, errors.New("an alias without end")
	}
	for _, r := range records {
		switch {
		case r.owner != a.at:
			continue
		case r.srv != nil:
			a.srv = append(a.srv, *r.srv)
		default:
			a.addrs = append(a.addrs, r.addr)
		}
		hold(r.ttl)
	}
	return a, nil
}

// mostAliases bounds how far aliases are followed.
const mostAliases = 8

// collect reads the answer section. For an alias the record's owner is its
// target.
func collect(p *dnsmessage.Parser, q dnsmessage.Question) (map[string]record, []record, error) {
	alias := map[string]record{}
	var records []record
	for range mostRecords {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return alias, records, nil
		}
		if err != nil {
			return nil, nil, err
		}
		owner := lower(h.Name)
		switch {
		case h.Class != dnsmessage.ClassINET || h.Type != q.Type && h.Type != dnsmessage.TypeCNAME:
			err = p.SkipAnswer()
		case h.Type == dnsmessage.TypeCNAME:
			var c dnsmessage.CNAMEResource
			c, err = p.CNAMEResource()
			alias[owner] = record{owner: lower(c.CNAME), ttl: h.TTL}
		case h.Type == dnsmessage.TypeSRV:
			var s dnsmessage.SRVResource
			s, err = p.SRVResource()
			target := strings.TrimSuffix(lower(s.Target), ".")
			records = append(records, record{owner: owner, ttl: h.TTL,
				srv: &srvRecord{s.Priority, s.Weight, s.Port, target}})
		case h.Type == dnsmessage.TypeA:
			var a dnsmessage.AResource
			a, err = p.AResource()
			records = append(records, record{owner: owner, ttl: h.TTL, addr: netip.AddrFrom4(a.A)})
		case h.Type == dnsmessage.TypeAAAA:
			var a dnsmessage.AAAAResource
			a, err = p.AAAAResource()
			addr := netip.AddrFrom16(a.AAAA).Unmap()
			records = append(records, record{owner: owner, ttl: h.TTL, addr: addr})
		default:
			err = p.SkipAnswer()
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return alias, records, p.SkipAllAnswers()
}

// negativeTTL is how long it holds that there is nothing: as the SOA record
// says, and without one no time at all (RFC 2308 section 5, Caching Negative
// Answers).
func negativeTTL(p *dnsmessage.Parser) time.Duration {
	for range mostRecords {
		h, err := p.AuthorityHeader()
		if err != nil {
			return 0
		}
		if h.Type != dnsmessage.TypeSOA {
			if p.SkipAuthority() != nil {
				return 0
			}
			continue
		}
		soa, err := p.SOAResource()
		if err != nil {
			return 0
		}
		return time.Duration(min(h.TTL, soa.MinTTL)) * time.Second
	}
	return 0
}
