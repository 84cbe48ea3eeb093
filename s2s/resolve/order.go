package resolve

import (
	"cmp"
	"slices"
)

// candidate is an SRV record of either service.
type candidate struct {
	Target
	priority, weight uint16
}

// order puts candidates into the order in which they are tried (RFC 2782, the
// paragraphs on Priority and Weight): by priority, and among equals by a lottery
// in which the weight is the number of lots. Direct TLS or not makes no
// difference (XEP-0368 section 3, Requirements). below gives a random number
// below n.
func order(list []candidate, below func(n int) int) []Target {
	// Those without weight stand first among their equals, where the lot 0,
	// which is drawn seldom, finds them.
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority),
			cmp.Compare(min(a.weight, 1), min(b.weight, 1)))
	})
	targets := make([]Target, 0, len(list))
	for len(list) > 0 {
		i := draw(list, below)
		targets = append(targets, list[i].Target)
		list = slices.Delete(list, i, i+1)
	}
	return targets
}

// draw chooses among the candidates that have the first one's priority.
func draw(list []candidate, below func(n int) int) int {
	sum, equals := 0, 0
	for equals < len(list) && list[equals].priority == list[0].priority {
		sum += int(list[equals].weight)
		equals++
	}
	lot := below(sum + 1)
	for i := range equals {
		if lot -= int(list[i].weight); lot <= 0 {
			return i
		}
	}
	return 0
}
