package conf

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// check holds the rules over several keys.
func (r *reader) check(c *Config) {
	if len(c.Domains) == 0 && !r.bad["domains"] {
		r.fail([]string{"domains"}, "domains must name a domain, for example [\"example.org\"]")
	}
	r.checkDomains(c)
	r.checkLogin(c)
	r.checkTLS(c)
	r.checkComponents(c)
	r.checkPeers(c)
	if len(c.C2S.Listen)+len(c.C2S.ListenTLS) == 0 {
		r.fail([]string{"c2s", "listen"}, "c2s.listen and c2s.listen_tls are both empty: "+
			"nobody could connect")
	}
}

// checkDomains holds that what names a domain of ours names one that is there.
func (r *reader) checkDomains(c *Config) {
	if r.bad["domains"] {
		return
	}
	for _, jid := range c.Admins {
		_, domain, _ := strings.Cut(jid, "@")
		if !slices.Contains(c.Domains, domain) {
			r.fail([]string{"admins"}, "admins: %s is in none of the domains%s",
				jid, didYouMean(domain, c.Domains))
		}
	}
	for _, d := range c.Login.Anonymous {
		if !slices.Contains(c.Domains, d) {
			r.fail([]string{"login", "anonymous"}, "login.anonymous: %s is none of the domains%s",
				d, didYouMean(d, c.Domains))
		}
	}
	for name := range c.Host {
		if hosts := c.Hosts(); !slices.Contains(hosts, name) && !r.bad["services"] {
			r.fail([]string{"host", name}, "host.%q is neither a domain nor a service host%s",
				name, didYouMean(name, hosts))
		}
	}
}

// checkLogin holds that client certificates have an authority and accounts.
func (r *reader) checkLogin(c *Config) {
	if c.Login.External && c.Login.ExternalCA == "" && !r.bad["login.external_ca"] {
		r.fail([]string{"login", "external"}, "login.external needs login.external_ca, "+
			"the file of the authorities that sign clients' certificates")
	}
	for cert, jid := range c.Login.ExternalMap {
		_, domain, _ := strings.Cut(jid, "@")
		if !slices.Contains(c.Domains, domain) && !r.bad["domains"] {
			r.fail([]string{"login", "external_map", cert},
				"login.external_map: %s is in none of the domains", jid)
		}
	}
	if len(c.Login.Mechanisms) == 0 && !c.Login.External && len(c.Login.Anonymous) == 0 &&
		!r.bad["login.mechanisms"] {
		r.fail([]string{"login", "mechanisms"}, "login.mechanisms is empty: nobody could log in")
	}
}

// checkTLS holds that a certificate has a key and a key a certificate.
func (r *reader) checkTLS(c *Config) {
	if c.TLS.Cert != "" && c.TLS.Key == "" && !r.bad["tls.key"] {
		r.fail([]string{"tls", "cert"}, "tls.cert needs tls.key")
	}
	if c.TLS.Key != "" && c.TLS.Cert == "" && !r.bad["tls.cert"] {
		r.fail([]string{"tls", "key"}, "tls.key needs tls.cert")
	}
}

// checkComponents holds that each component has a domain of its own.
func (r *reader) checkComponents(c *Config) {
	for i, comp := range c.Component {
		at := []string{"component", strconv.Itoa(i), "domain"}
		if comp.Domain == "" {
			continue
		}
		if slices.Contains(c.Domains, comp.Domain) {
			r.fail(at, "component.domain %s is one of the domains; give the component its own",
				comp.Domain)
		}
		for _, other := range c.Component[:i] {
			if other.Domain == comp.Domain {
				r.fail(at, "component.domain %s is there twice", comp.Domain)
			}
		}
	}
}

// checkPeers holds that what is said of other servers is not said of this one.
func (r *reader) checkPeers(c *Config) {
	if r.bad["domains"] {
		return
	}
	for name := range c.Peer {
		if slices.Contains(c.Domains, name) {
			r.fail([]string{"peer", name}, "peer.%q is one of the domains of this server", name)
		}
	}
}

// ServiceHosts are the addresses of the services of a domain.
func (c *Config) ServiceHosts(domain string) []string {
	var hosts []string
	for _, s := range c.Services {
		hosts = append(hosts, s+"."+domain)
	}
	return hosts
}

// Hosts are all names this server has: domains, service hosts, components.
func (c *Config) Hosts() []string {
	var hosts []string
	for _, d := range c.Domains {
		hosts = append(append(hosts, d), c.ServiceHosts(d)...)
	}
	for _, comp := range c.Component {
		if comp.Domain != "" && !slices.Contains(hosts, comp.Domain) {
			hosts = append(hosts, comp.Domain)
		}
	}
	return hosts
}

// eachPath changes every value that is a path.
func eachPath(v reflect.Value, fn func(string) string) {
	for _, k := range keysOf(v.Type()) {
		f := v.Field(k.index)
		switch {
		case k.isTable():
			eachPath(f, fn)
		case f.Kind() == reflect.Map && k.isTables():
			for _, name := range f.MapKeys() {
				e := reflect.New(f.Type().Elem()).Elem()
				e.Set(f.MapIndex(name))
				eachPath(e, fn)
				f.SetMapIndex(name, e)
			}
		case k.tag.Get("is") == "path":
			f.SetString(fn(f.String()))
		}
	}
}
