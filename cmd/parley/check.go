package main

import (
	"context"
	"fmt"
	"time"

	"parley/conf"
	"parley/internal/certs"
)

// level says how bad a finding is.
type level int

const (
	levelGood level = iota
	levelWarn
	levelRed
)

// finding is one thing that a check found, and the line or words that mend it.
type finding struct {
	level level
	text  string
	mend  string
}

func good(format string, args ...any) finding {
	return finding{levelGood, fmt.Sprintf(format, args...), ""}
}

func warn(mend, format string, args ...any) finding {
	return finding{levelWarn, fmt.Sprintf(format, args...), mend}
}

func red(mend, format string, args ...any) finding {
	return finding{levelRed, fmt.Sprintf(format, args...), mend}
}

// check looks at the configuration and at all that the server needs around it.
func check(ctx context.Context, inv *invocation) error {
	if _, err := inv.parse(0, 0); err != nil {
		return err
	}
	c, err := inv.load()
	if err != nil {
		return err // the errors of the file name line and key, and are red enough
	}
	worst := inv.report("config", checkConfig(c))
	for _, part := range []struct {
		name     string
		findings []finding
	}{
		{"data", checkData(c)},
		{"ports", checkPorts(ctx, c)},
		{"certificate", checkCertificates(inv, c)},
		{"dns", checkDNS(ctx, inv, c)},
		{"clock", checkClock(inv.now(), clockUnset())},
	} {
		worst = max(worst, inv.report(part.name, part.findings))
	}
	if worst == levelRed {
		return errRed
	}
	return nil
}

// report prints findings and returns the worst level.
func (inv *invocation) report(part string, findings []finding) level {
	worst := levelGood
	for _, f := range findings {
		word := map[level]string{levelGood: "ok", levelWarn: "warning", levelRed: "RED"}[f.level]
		inv.say("%-12s %-8s %s\n", part, word, f.text)
		if f.mend != "" {
			inv.say("%-12s %-8s mend: %s\n", "", "", f.mend)
		}
		worst = max(worst, f.level)
	}
	return worst
}

// checkConfig looks at what is allowed and yet not wise.
func checkConfig(c *conf.Config) []finding {
	list := []finding{good("%s", c.Path)}
	if c.S2S.Enabled && !c.S2S.RequireTLS {
		list = append(list, warn("set s2s.require_tls = true in "+c.Path+
			", and for those that cannot [peer.\"DOMAIN\"] tls = \"optional\"",
			"other servers may do without TLS: what is said to them can be read on the way"))
	}
	if c.C2S.RequireTLS {
		return list
	}
	mend := "set c2s.require_tls = true in " + c.Path
	list = append(list, warn(mend, "clients may log in without TLS: what they say can be read on the way"))
	if c.Register.Enabled {
		// (XEP-0077 section 11, Security Considerations)
		list = append(list, warn(mend,
			"without TLS accounts are made, and passwords changed, only from this machine itself"))
	}
	return list
}

// checkCertificates looks at the certificate of every domain and service host.
func checkCertificates(inv *invocation, c *conf.Config) []finding {
	var list []finding
	for _, group := range certs.Group(certs.Sources(c)) {
		problems := certs.Check(group, inv.now(), inv.roots)
		for _, p := range problems {
			f := red(p.Mend, "%s", p.Text)
			if p.Warn {
				f.level = levelWarn
			}
			list = append(list, f)
		}
		if problems == nil {
			list = append(list, good("%s (%s)", group[0].Cert, group[0].Origin))
		}
	}
	return list
}

// built is a day before which no clock that is right can be.
func built() time.Time { return time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC) }

// checkClock looks whether the clock can be right: certificates and the stamps
// of messages depend on it.
func checkClock(now time.Time, unset bool) []finding {
	const mend = "timedatectl set-ntp true"
	switch {
	case now.Before(built()):
		return []finding{red(mend, "the clock says %s, which is over", now.UTC().Format(time.DateOnly))}
	case unset:
		return []finding{warn(mend, "nothing keeps the clock right")}
	}
	return []finding{good("%s", now.UTC().Format("2006-01-02 15:04 MST"))}
}
