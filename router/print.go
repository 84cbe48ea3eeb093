package router

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"parley/stanza"
)

// Pipeline prints what happens to a stanza, host by host: for each stage the
// handlers in the order in which they run, and the owner of each iq request.
func (r *Router) Pipeline(w io.Writer) {
	for _, h := range r.Hosts() {
		fmt.Fprintf(w, "%s\n", h.Domain)
		for s := Refuse; s < finished; s++ {
			for k := stanza.Message; k <= stanza.IQ; k++ {
				if names := stepNames(h.stages[s][k]); names != "" {
					fmt.Fprintf(w, "  %-8s %-8s %s\n", s, kindName(k), names)
				}
			}
		}
		if len(h.write) > 0 {
			names := make([]string, len(h.write))
			for i := range h.write {
				names[i] = h.write[i].name
			}
			fmt.Fprintf(w, "  %-8s %-8s %s\n", "write", "all", strings.Join(names, " "))
		}
		for _, line := range h.ownerLines() {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
}

func stepNames(steps []step) string {
	names := make([]string, len(steps))
	for i := range steps {
		names[i] = steps[i].name
	}
	return strings.Join(names, " ")
}

func kindName(k stanza.Kind) string {
	return [...]string{"other", "message", "presence", "iq"}[k]
}

// ownerLines names each request that has an owner, sorted, with where it may
// be addressed to.
func (h *Host) ownerLines() []string {
	where := map[string][]string{}
	for w, name := range []string{"host", "account", "self"} {
		for k := range h.owners {
			if k.where == 1<<w {
				key := fmt.Sprintf("iq       %-8s {%s}%s", k.typ, k.ns, k.name)
				where[key] = append(where[key], name)
			}
		}
	}
	var lines []string
	for key, names := range where {
		lines = append(lines, key+" "+strings.Join(names, ","))
	}
	slices.Sort(lines)
	return lines
}
