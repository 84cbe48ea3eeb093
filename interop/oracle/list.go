package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// same stands in the list where a server does what ours does.
const same = "same"

// readList reads the column of a server from the tables of a Markdown file: the
// first column is the script, and what is not "same" is a known difference.
func readList(path, server string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the list: %w", err)
	}
	known, column := map[string]string{}, -1
	for line := range strings.Lines(string(text)) {
		cells := row(line)
		switch {
		case len(cells) == 0:
			column = -1
		case column < 0:
			if column = slices.Index(cells, server); column < 0 {
				return nil, fmt.Errorf("%s: a table has no column %s: %s", path, server, line)
			}
		case strings.Trim(cells[0], "-: ") == "" || column >= len(cells):
		case cells[column] != same && cells[column] != "":
			known[strings.Trim(cells[0], "`")] = cells[column]
		}
	}
	return known, nil
}

// row is the cells of a table's line, nil for any other line.
func row(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") {
		return nil
	}
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}
