package xmpptest

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Script is a parsed conversation.
type Script struct {
	Title string // first comment line
	Path  string
	Needs map[string]bool // words of a "needs:" line: time, restart, local …
	// Together is why the users must be on one server, from a "together:" line.
	Together string
	Steps    []Step
}

// Step is one line of a script with the XML below it.
type Step struct {
	Line  int
	Actor string // "alice/phone", "" for steps without one
	Verb  string // "sends", "receives nothing" …
	Arg   string // what follows the verb
	XML   string
}

// verbs of an actor, longest first where one begins like another.
var verbs = []string{
	"receives in any order", "receives nothing", "receives header", "receives",
	"sends slowly", "sends", "has sent", "connects", "is online", "disconnects", "is cut", "enters",
	"configures", "makes",
	"stream ends with", "stream ends", "opens", "starts TLS", "logs in as", "and", "exists",
}

// ParseFile reads a script.
func ParseFile(path string) (*Script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read script: %w", err)
	}
	s, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	s.Path = path
	return s, nil
}

// Parse reads a script from text.
func Parse(text string) (*Script, error) {
	s := &Script{Needs: map[string]bool{}}
	for i, line := range strings.Split(text, "\n") {
		n := i + 1
		switch trimmed := strings.TrimSpace(line); {
		case trimmed == "":
		case strings.HasPrefix(trimmed, "#"):
			if s.Title == "" {
				s.Title = strings.TrimSpace(strings.TrimPrefix(trimmed, "#"))
			}
		case line[0] == ' ' || line[0] == '\t':
			if len(s.Steps) == 0 {
				return nil, fmt.Errorf("%d: XML before any step", n)
			}
			last := &s.Steps[len(s.Steps)-1]
			last.XML += trimmed + "\n"
		case strings.HasPrefix(trimmed, "needs:"):
			for _, w := range strings.Fields(strings.TrimPrefix(trimmed, "needs:")) {
				s.Needs[w] = true
			}
		case strings.HasPrefix(trimmed, "together:"):
			s.Together = strings.TrimSpace(strings.TrimPrefix(trimmed, "together:"))
		default:
			st, err := parseStep(trimmed)
			if err != nil {
				return nil, fmt.Errorf("%d: %w", n, err)
			}
			st.Line = n
			s.Steps = append(s.Steps, st)
		}
	}
	if s.Title == "" {
		return nil, fmt.Errorf("1: a script begins with # and what it shows")
	}
	return s, nil
}

func parseStep(line string) (Step, error) {
	for _, whole := range []string{"wait", "server restarts", "server is killed", "server stops"} {
		if rest, ok := strings.CutPrefix(line, whole); ok {
			return Step{Verb: whole, Arg: strings.TrimSpace(rest)}, nil
		}
	}
	actor, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	for _, v := range verbs {
		if arg, ok := strings.CutPrefix(rest, v); ok && (arg == "" || arg[0] == ' ') {
			return Step{Actor: actor, Verb: v, Arg: strings.TrimSpace(arg)}, nil
		}
	}
	return Step{}, fmt.Errorf("cannot read step %q", line)
}

// Users are the names of those who take part, without their resources, in the
// order in which they appear.
func (s *Script) Users() []string {
	var list []string
	add := func(actor string) {
		user, _, _ := strings.Cut(actor, "/")
		if user != "" && !slices.Contains(list, user) {
			list = append(list, user)
		}
	}
	for _, st := range s.Steps {
		add(st.Actor)
		if st.Verb == "and" {
			add(strings.TrimSuffix(st.Arg, " are friends"))
		}
	}
	return list
}
