package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
)

// confirmed tells by a peer's own log which messages of a flow it has received
// and acknowledged to the server that sent them.
func confirmed(peer *server, flow string) func(int) bool {
	log, err := os.ReadFile(peer.file(peer.kind + ".log"))
	if err != nil {
		return func(int) bool { return false }
	}
	var set map[int]bool
	if peer.kind == "prosody" {
		set = acknowledged(string(log), flow)
	} else {
		set = answered(string(log), flow)
	}
	return func(i int) bool { return set[i] }
}

// acknowledged reads Prosody's log: an <a/> confirms what was received before it
// on the same stream (XEP-0198 section 4, Acks).
func acknowledged(log, flow string) map[int]bool {
	set, open := map[int]bool{}, map[string][]int{}
	for line := range strings.Lines(log) {
		column := strings.SplitN(line, "\t", 3)
		if len(column) < 3 {
			continue
		}
		words := strings.Fields(column[0])
		source := words[len(words)-1]
		if text, ok := strings.CutPrefix(column[2], "RECV: "); ok {
			open[source] = append(open[source], numbers(text, flow)...)
		} else if strings.HasPrefix(column[2], "SEND: <a ") {
			for _, i := range open[source] {
				set[i] = true
			}
			delete(open, source)
		}
	}
	return set
}

var pingID = regexp.MustCompile(`<iq[^<>]*\bid=['"\\]+([^'"\\<>]+)['"\\]+[^<>]*><ping`)

// answered reads ejabberd's log: the answer to a ping confirms what was received
// before the ping.
func answered(log, flow string) map[int]bool {
	set, waiting, open := map[int]bool{}, map[string][]int{}, []int(nil)
	for line := range strings.Lines(log) {
		switch {
		case strings.Contains(line, "Received XML on stream"):
			open = append(open, numbers(line, flow)...)
			for _, m := range pingID.FindAllStringSubmatch(line, -1) {
				waiting[m[1]] = open
				open = nil
			}
		case strings.Contains(line, "Send XML on stream") && strings.Contains(line, "<iq"):
			for id, list := range waiting {
				if strings.Contains(line, id) {
					for _, i := range list {
						set[i] = true
					}
					delete(waiting, id)
				}
			}
		}
	}
	return set
}

// numbers are those of the messages of a flow in a text.
func numbers(text, flow string) []int {
	var list []int
	id := regexp.MustCompile(`\bid=['"\\]+` + flow + `-(\d+)['"\\]`)
	for _, m := range id.FindAllStringSubmatch(text, -1) {
		if i, err := strconv.Atoi(m[1]); err == nil {
			list = append(list, i)
		}
	}
	return list
}
