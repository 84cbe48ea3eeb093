package pubsub

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"parley/internal/rsm"
	"parley/stanza"
	"parley/store"
)

// maxAnswer is how many bytes of payloads one answer holds. What is beyond it is
// asked for by result set management (XEP-0060 section 6.5.4, Returning Some Items).
const maxAnswer = 512 << 10

// items gives items to those who may have them (XEP-0060 section 6.5, Retrieve
// Items from a Node).
func (r *request) items(ctx context.Context) error {
	set, err := rsm.Read(r.pubsub)
	if err != nil {
		return err
	}
	return r.read(ctx, func(nr store.NodeReader) error {
		n, s, err := r.find(nr)
		if err == nil {
			err = s.access(&n.config)
		}
		if err != nil {
			return err
		}
		list, answer, err := r.page(nr, &n, set)
		if err != nil {
			return err
		}
		var b stanza.Builder
		b.Start("items", "", "node", n.Name)
		for i := range list {
			itemXML(&b, &n.config, list[i].ID, list[i].Publisher, list[i].Payload)
		}
		b.End()
		r.reply(b.String() + answer)
		return nil
	})
}

// page are the items asked for, with what is to be said of a part.
func (r *request) page(nr store.NodeReader, n *node, set rsm.Set) (
	[]store.NodeItem, string, error) {
	ids := r.asked()
	if len(ids) > 0 {
		list, err := some(nr, n, ids)
		return list, "", err
	}
	newest := r.el.Attr("max_items")
	if newest == "" {
		return part(nr, n, set, r.pubsub.Child(rsm.NS, "set") != nil)
	}
	max, err := strconv.ParseUint(newest, 10, 31)
	if err != nil || max == 0 {
		return nil, "", stanza.BadRequest
	}
	// XEP-0060 section 6.5.7, Requesting the Most Recent Items
	list, _, err := nr.Items(n.ID, store.ItemRange{Newest: true, Max: int(max), Bytes: maxAnswer,
		Since: n.config.since(now())})
	slices.Reverse(list)
	return list, "", err
}

// asked are the ids of the items asked for (XEP-0060 section 6.5.8, Requesting
// a Particular Item).
func (r *request) asked() (ids []string) {
	for _, c := range r.el.Children {
		if c.Name == "item" && c.NS == nsPubsub {
			ids = append(ids, c.Attr("id"))
		}
	}
	return ids
}

// some are those of the items that are there (XEP-0060 section 6.5.9.12, No
// Such Item(s)), as many as fit.
func some(nr store.NodeReader, n *node, ids []string) (list []store.NodeItem, err error) {
	bytes, since := 0, n.config.since(now())
	for _, id := range ids {
		i, err := nr.Item(n.ID, id)
		switch {
		case errors.Is(err, store.ErrNotFound) || err == nil && i.Stamp.Before(since):
			continue
		case err != nil:
			return nil, err
		}
		if bytes += len(i.Payload); bytes > maxAnswer && len(list) > 0 {
			break
		}
		list = append(list, i)
	}
	return list, nil
}

// part is the part of a node's items that was asked for by result set
// management, or all if they fit (XEP-0060 section 6.5.4, Returning Some Items).
func part(nr store.NodeReader, n *node, set rsm.Set, asked bool) ([]store.NodeItem, string, error) {
	g := store.ItemRange{Bytes: maxAnswer, Since: n.config.since(now()), Newest: set.Back}
	if set.Max >= 0 {
		g.Max = max(set.Max, 1)
	}
	if err := between(nr, n, set, &g); err != nil {
		return nil, "", err
	}
	list, more, err := nr.Items(n.ID, g)
	if err != nil {
		return nil, "", err
	}
	if set.Back {
		slices.Reverse(list)
	}
	if set.Max == 0 { // XEP-0059 section 2.7, Getting the Item Count
		list, more = nil, true
	}
	if !asked && !more {
		return list, "", nil
	}
	answer, err := describe(nr, n, list, g.Since)
	return list, answer, err
}

// describe says which part of a node's items a list is.
func describe(nr store.NodeReader, n *node, list []store.NodeItem, since time.Time) (
	string, error) {
	count, err := nr.CountItems(n.ID, 0, since)
	a := rsm.Answer{Index: -1, Count: count}
	if len(list) > 0 && err == nil {
		a.First, a.Last = list[0].ID, list[len(list)-1].ID
		a.Index, err = nr.CountItems(n.ID, list[0].Seq, since)
	}
	return a.XML(), err
}

// between sets the bounds of a range as a request says them. An item that is
// not there is no place to begin (XEP-0059 section 2.4, Page Not Found).
func between(nr store.NodeReader, n *node, set rsm.Set, g *store.ItemRange) error {
	for _, bound := range []struct {
		id  string
		seq *int64
	}{{set.After, &g.After}, {set.Before, &g.Before}} {
		if bound.id == "" {
			continue
		}
		i, err := nr.Item(n.ID, bound.id)
		if errors.Is(err, store.ErrNotFound) {
			return stanza.ItemNotFound
		}
		if err != nil {
			return err
		}
		*bound.seq = i.Seq
	}
	if set.Index <= 0 {
		return nil
	}
	seq, err := nr.ItemAt(n.ID, set.Index, g.Since)
	if errors.Is(err, store.ErrNotFound) {
		g.After, err = n.Last, nil // XEP-0059 section 2.6: an empty page
	} else if err == nil {
		g.After = seq - 1
	}
	return err
}
