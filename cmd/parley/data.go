package main

import (
	"errors"
	"fmt"
	"os"

	"parley/conf"
)

// Bounds of what should be free where the data folder lies, in bytes.
const (
	spaceWarn = 1 << 30
	spaceRed  = 100 << 20
)

// makeDataFolder makes the data folder, for nobody but us.
func makeDataFolder(dir string) error {
	_, err := os.Stat(dir)
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	return nil
}

// checkData looks at the data folder: rights and space.
func checkData(c *conf.Config) []finding {
	info, err := os.Stat(c.Data)
	if errors.Is(err, os.ErrNotExist) {
		return []finding{good("%s does not exist yet; the server makes it", c.Data)}
	}
	if err != nil {
		return []finding{red("run this as the server's user, or: chown -R parley "+c.Data, "%v", err)}
	}
	if !info.IsDir() {
		return []finding{red("set another data folder in "+c.Path, "%s is no folder", c.Data)}
	}
	var list []finding
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		list = append(list, red("chmod 700 "+c.Data,
			"other users of this machine can reach into %s (mode %04o)", c.Data, mode))
	}
	if err := writable(c.Data); err != nil {
		list = append(list, red("chown -R parley "+c.Data, "%v", err))
	}
	free, err := freeSpace(c.Data)
	switch {
	case err != nil:
		list = append(list, warn("", "free space of %s is not known: %v", c.Data, err))
	case free < spaceRed:
		list = append(list, red("make room, or move the folder and set data in "+c.Path,
			"%d MB are free for %s", free>>20, c.Data))
	case free < spaceWarn:
		list = append(list, warn("make room before long", "%d MB are free for %s", free>>20, c.Data))
	}
	if list == nil {
		list = append(list, good("%s, %d GB free", c.Data, free>>30))
	}
	return list
}

// writable tries to write into the folder.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, "check-*")
	if err != nil {
		return fmt.Errorf("the data folder cannot be written: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
