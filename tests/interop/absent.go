package main

import (
	"bytes"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// checkPartialsOf asks for the partial tiles and the partial bundle that a tree of
// size had, and holds those served against today's entries. Where must is set
// (a checkpoint of that size was signed), each must be there, or its full tile.
func (c *checker) checkPartialsOf(size int64, must bool) error {
	for level := 0; size>>(tileHeight*level) > 0; level++ {
		count := size >> (tileHeight * level)
		span := tileSpan{count / tileWidth, int(count % tileWidth)}
		if span.width == 0 {
			continue
		}
		if err := c.checkPartial(level, span, must); err != nil {
			return err
		}
		if level == 0 {
			if err := c.checkPartial(entriesLevel, span, must); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) checkPartial(level int, span tileSpan, must bool) error {
	path := tilePath(level, span.n, span.width)
	a, err := c.client.get(path)
	if err != nil {
		return err
	}
	if a.status == 404 {
		if !must {
			c.count("older partial tiles gone", 1)
			return nil
		}
		full, err := c.client.get(tilePath(level, span.n, tileWidth))
		if err != nil {
			return err
		}
		if full.status != 200 {
			c.failf(kindPartial, "GET %s: %s, and its full tile %s", path, a.words(), full.words())
			return nil
		}
		c.count("older partial tiles gone, their full tile there", 1)
		return nil
	}
	if a.status != 200 {
		c.failf(kindPartial, "GET %s: %s", path, a.words())
		return nil
	}
	sort := olderPartialTiles
	if level == entriesLevel {
		sort = olderEntryBundles
	}
	c.checkHeaders(sort, a, tileContentType, cacheForever)
	if level == entriesLevel {
		entries, err := parseBundle(a.body, span.width)
		if err != nil {
			c.failf(kindPartial, "%s: %v", path, err)
			return nil
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != c.tree.leaf(span.n*tileWidth+int64(i)) {
				c.failf(kindPartial, "%s: entry %d is not the entry of today", path, i)
			}
		}
	} else {
		want, err := tlog.ReadTileData(tlog.Tile{H: tileHeight, L: level, N: span.n, W: span.width}, c.tree)
		if err != nil {
			return err
		}
		if !bytes.Equal(a.body, want) {
			c.failf(kindPartial, "%s is not a prefix of today's tile", path)
		}
	}
	c.count("older partial tiles served", 1)
	return nil
}

// checkOlderPartials asks for partial tiles of random earlier sizes, and for every
// width of the last level-0 tile. The log must have had a checkpoint of such a size
// to owe them, so they may be gone; what is served must be right.
func (c *checker) checkOlderPartials() error {
	size := c.cp.size
	for i := 0; i < 20 && size > 0; i++ {
		if err := c.checkPartialsOf(1+c.rng.Int63n(size), false); err != nil {
			return err
		}
	}
	for w := 1; w <= int(size%tileWidth); w++ {
		for _, level := range []int{0, entriesLevel} {
			if err := c.checkPartial(level, tileSpan{size / tileWidth, w}, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkAbsent asks for what does not exist. A tile outside the tree must be 404,
// and not cached as if it would never come; what is malformed must not be answered.
func (c *checker) checkAbsent() error {
	size := c.cp.size
	far := size/tileWidth + 1000
	var missing []string
	levels := 0
	for size>>(tileHeight*levels) > 0 {
		levels++
	}
	for _, level := range []int{entriesLevel, 0, 1, levels + 1, 63} {
		missing = append(missing, tilePath(level, far, tileWidth), tilePath(level, far, 1), tilePath(level, far, 255))
	}
	missing = append(missing, tilePath(levels+1, 0, 1), tilePath(levels+1, 0, tileWidth), tilePath(63, 0, 1))
	for _, path := range missing {
		if err := c.expectAbsent(path, true, ""); err != nil {
			return err
		}
	}
	malformed := []string{
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/-1", "tile/0/000.p/", "tile/0/000.p",
		"tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/000", "tile/0/x000", "tile/0/000/000", "tile/0/", "tile/0",
		"tile/00/000", "tile/01/000", "tile/64/000", "tile/-1/000", "tile/+0/000", "tile/8/0/000", "tile/data/000",
		"tile/entries/0", "tile/entries/x000/000", "tile/entries/000.p/0", "tile/entries/000.p/256",
		"tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
		"proof/-1", "proof/x", "proof/00", "proof/18446744073709551616",
		fmt.Sprintf("proof/%d", size+1000000), fmt.Sprintf("proof/0?size=%d", size+1000000), "proof/0?size=0", "proof/0?size=x",
		fmt.Sprintf("consistency?from=1&to=%d", size+1000000), "consistency?from=2&to=1", "consistency?from=-1&to=1",
		"consistency?from=x&to=1", "consistency",
	}
	if size > 1 {
		malformed = append(malformed, fmt.Sprintf("proof/%d?size=%d", size-1, size-1))
	}
	for _, path := range malformed {
		if err := c.expectAbsent(path, false, ""); err != nil {
			return err
		}
	}
	return c.checkJustBeyond()
}

// expectAbsent wants an error, 404 where want404 is set. With unlessChanged, an answer
// is fine after all if the checkpoint is no longer that one.
func (c *checker) expectAbsent(path string, want404 bool, unlessChanged string) error {
	a, err := c.client.get(path)
	if err != nil {
		return err
	}
	if a.status == 200 && unlessChanged != "" {
		// The log may have grown meanwhile, or be about to publish what it has signed.
		time.Sleep(c.opts.settle)
		now, err := c.client.get("checkpoint")
		if err != nil {
			return err
		}
		if string(now.body) != unlessChanged {
			return nil
		}
	}
	switch {
	case want404 && a.status != 404:
		c.failf(kindAbsent, "GET %s is not in the tree, but: %d, %d bytes", path, a.status, len(a.body))
	case a.status < 400 || a.status >= 500:
		c.failf(kindAbsent, "GET %s should be refused, but: %d, %d bytes", path, a.status, len(a.body))
	case cachedForever(a.header.Get("Cache-Control")):
		c.failf(kindAbsent, "GET %s is refused with an answer that caches keep for ever", path)
	default:
		c.count("requests for what does not exist refused", 1)
	}
	return nil
}

// checkJustBeyond asks for the tiles that the next entries will bring. The log may
// grow while it is asked, which a second look at the checkpoint tells.
func (c *checker) checkJustBeyond() error {
	a, err := c.client.get("checkpoint")
	if err != nil {
		return err
	}
	now, err := openCheckpoint(a.body, c.key)
	if err != nil {
		c.failf(kindNote, "checkpoint: %v", err)
		return nil
	}
	for level := 0; level == 0 || now.size>>(tileHeight*(level-1)) > 0; level++ {
		count := now.size >> (tileHeight * level)
		n, w := count/tileWidth, int(count%tileWidth)
		paths := []string{tilePath(level, n, tileWidth)}
		if w+1 < tileWidth {
			paths = append(paths, tilePath(level, n, w+1))
		}
		if level == 0 {
			paths = append(paths, tilePath(entriesLevel, n, tileWidth))
			if w+1 < tileWidth {
				paths = append(paths, tilePath(entriesLevel, n, w+1))
			}
		}
		for _, path := range paths {
			if err := c.expectAbsent(path, true, string(a.body)); err != nil {
				return err
			}
		}
	}
	return nil
}
