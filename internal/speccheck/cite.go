package speccheck

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Cite is one section that a text cites.
type Cite struct{ Doc, Section string }

var (
	document = regexp.MustCompile(`RFC \d{4}|XEP-\d{4}|XML 1\.0`)
	keyword  = regexp.MustCompile(`\b(?:[Ss]ections?|[Aa]ppendix|[Aa]ppendices) `)
	number   = regexp.MustCompile(`^(?:[A-Z]\b|\d+)(?:\.\d+)*`)
	another  = regexp.MustCompile(`^(?:[A-Z]\.)?\d+(?:\.\d+)*\b`)
	wrapped  = regexp.MustCompile(`([[:alpha:]]-) ([[:alpha:]])`)
	next     = regexp.MustCompile(`^(?:,? and (?:sections? )?|, |,? to )`)
)

// Read finds the citations of a text, a comment without its slashes or the
// title of a script, and says what is wrong with them. "section 7" alone
// belongs to the document named last.
func (s Sections) Read(text string) (cites []Cite, wrong []error) {
	text = wrapped.ReplaceAllString(strings.Join(strings.Fields(text), " "), "$1$2")
	doc := ""
	for text != "" {
		d, k := document.FindStringIndex(text), keyword.FindStringIndex(text)
		switch {
		case d != nil && (k == nil || d[0] < k[0]):
			doc, text = text[d[0]:d[1]], text[d[1]:]
		case k == nil:
			return cites, wrong
		case doc == "" || doc == "XML 1.0": // of which there is no table
			text = text[k[1]:]
		case number.FindString(text[k[1]:]) == "":
			text = text[k[1]:]
		default:
			var list []Cite
			var bad []error
			list, bad, text = s.list(doc, text[k[1]:])
			cites, wrong = append(cites, list...), append(wrong, bad...)
		}
	}
	return cites, wrong
}

// list reads "2.1, Title, 2.2 and 2.3, Title" and returns what is behind it. A
// title behind several numbers may be one made of all of theirs, and is not
// looked at.
func (s Sections) list(doc, text string) (cites []Cite, wrong []error, rest string) {
	for untitled := 0; ; untitled++ {
		n := number.FindString(text)
		text = text[len(n):]
		title, known := s[doc][n]
		if !known {
			return cites, append(wrong, fmt.Errorf("%s section %q is in no table", doc, n)), text
		}
		cites = append(cites, Cite{doc, n})
		if after, ok := strings.CutPrefix(text, ", "); ok {
			if hasTitle(after, title) {
				text, untitled = after[len(title):], -1
			} else if untitled == 0 && claimsTitle(after, title) {
				wrong = append(wrong,
					fmt.Errorf("%s section %s is %q, not %q", doc, n, title, head(after)))
			}
		}
		sep := next.FindString(text)
		if sep == "" || !another.MatchString(text[len(sep):]) {
			return cites, wrong, text
		}
		text = text[len(sep):]
	}
}

func hasTitle(text, title string) bool {
	return len(text) >= len(title) && strings.EqualFold(text[:len(title)], title)
}

// claimsTitle says whether what follows a number looks like a title: it begins
// with a capital letter, or with a hyphened name where titles are such names.
func claimsTitle(text, title string) bool {
	word, _, _ := strings.Cut(text, " ")
	at := document.FindStringIndex(text)
	if number.FindString(text) == word || at != nil && at[0] == 0 {
		return false
	}
	first := rune(text[0])
	return unicode.IsUpper(first) || strings.Contains(title, "-") && unicode.IsLower(rune(title[0])) &&
		strings.Contains(word, "-")
}

// head is the part of a text up to where a title ends.
func head(text string) string {
	if i := strings.IndexAny(text, ",;:)"); i >= 0 {
		return text[:i]
	}
	return text
}
