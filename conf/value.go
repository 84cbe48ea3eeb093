package conf

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// set puts a value of the TOML tree into the field.
func (k key) set(f reflect.Value, v any) error {
	switch {
	case k.isList():
		list, err := texts(v)
		if err != nil {
			return err
		}
		return k.setText(f, list)
	case f.Kind() == reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			return errors.New("must be true or false, without quotes")
		}
		f.SetBool(b)
		return nil
	case f.Kind() == reflect.String:
		s, ok := v.(string)
		if !ok {
			return errors.New("must be a text in quotes")
		}
		return k.setText(f, []string{s})
	}
	return k.setNumber(f, v)
}

// setNumber sets a number, a size or a duration.
func (k key) setNumber(f reflect.Value, v any) error {
	n, err := k.number(v)
	if err != nil {
		return err
	}
	if err := k.inBounds(n); err != nil {
		return err
	}
	f.SetInt(n)
	return nil
}

// number reads what a number, size or duration may be written as.
func (k key) number(v any) (int64, error) {
	switch v := v.(type) {
	case int64:
		if k.isDuration() {
			return 0, fmt.Errorf("must have a unit, such as \"%ds\" or \"%dm\"", v, v)
		}
		return v, nil
	case string:
		switch {
		case k.isDuration():
			d, err := parseDuration(v)
			return int64(d), err
		case k.isSize():
			return parseSize(v)
		}
	}
	switch {
	case k.isDuration():
		return 0, errors.New(`must be a duration such as "30s" or "5m"`)
	case k.isSize():
		return 0, errors.New(`must be a number of bytes or a size such as "256 KiB"`)
	}
	return 0, errors.New("must be a whole number, without quotes")
}

// inBounds checks min and max.
func (k key) inBounds(n int64) error {
	lo, hi := k.bounds()
	if n >= lo && n <= hi {
		return nil
	}
	return fmt.Errorf("must be from %s to %s", k.tag.Get("min"), k.tag.Get("max"))
}

// bounds reads the tags min and max. A test holds that they can be read.
func (k key) bounds() (lo, hi int64) {
	lo, hi = math.MinInt64, math.MaxInt64
	if n, err := k.tagNumber("min"); err == nil {
		lo = n
	}
	if n, err := k.tagNumber("max"); err == nil {
		hi = n
	}
	return lo, hi
}

// tagNumber reads a tag in the unit of the key.
func (k key) tagNumber(name string) (int64, error) {
	return k.textNumber(k.tag.Get(name))
}

// textNumber reads a number without quotes or with a unit, as tags have it.
func (k key) textNumber(s string) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return k.number(n)
	}
	return k.number(s)
}

// setText sets a field from texts: tags, and values that are texts.
func (k key) setText(f reflect.Value, list []string) error {
	if k.isList() {
		return k.setList(f, list)
	}
	if len(list) == 0 {
		return nil
	}
	switch f.Kind() {
	case reflect.Bool:
		f.SetBool(list[0] == "true")
		return nil
	case reflect.String:
		s, err := k.checkText(list[0])
		if err != nil {
			return err
		}
		f.SetString(s)
		return nil
	}
	n, err := k.textNumber(list[0])
	if err == nil {
		err = k.inBounds(n)
	}
	if err == nil {
		f.SetInt(n)
	}
	return err
}

// setList sets a list, each of whose texts is checked; none may be twice.
func (k key) setList(f reflect.Value, list []string) error {
	out := make([]string, 0, len(list))
	for _, s := range list {
		t, err := k.checkText(s)
		if err != nil {
			return err
		}
		if slices.Contains(out, t) {
			return fmt.Errorf("has %q twice", t)
		}
		out = append(out, t)
	}
	f.Set(reflect.ValueOf(out))
	return nil
}

// texts reads a list of texts of the TOML tree.
func texts(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		if s, ok := v.(string); ok {
			return nil, fmt.Errorf("must be a list: [%q]", s)
		}
		return nil, errors.New(`must be a list of texts, such as ["one", "two"]`)
	}
	var out []string
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return nil, errors.New(`must be a list of texts, such as ["one", "two"]`)
		}
		out = append(out, s)
	}
	return out, nil
}

// parseDuration is time.ParseDuration with days.
func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, errors.New(`must be a duration such as "30s", "5m" or "2h"`)
	}
	return d, nil
}

// units are those of sizes: decimal (kB) and binary (KiB).
var units = []struct {
	name string
	size int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
	{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1},
}

// parseSize reads "256 kB", "1MiB" or "1000".
func parseSize(s string) (int64, error) {
	number, unit := strings.TrimSpace(s), int64(1)
	for _, u := range units {
		if len(number) > len(u.name) && strings.EqualFold(number[len(number)-len(u.name):], u.name) {
			number, unit = strings.TrimSpace(number[:len(number)-len(u.name)]), u.size
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 62)
	if err != nil || n > math.MaxInt64/uint64(unit) {
		return 0, errors.New(`must be a size such as 10000, "256 kB" or "1 MiB"`)
	}
	return int64(n) * unit, nil
}
