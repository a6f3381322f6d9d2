package main

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// checkTilesAndEntries downloads every tile and every entry bundle of the
// checkpoint's tree, hashes every entry, and holds every hash against what it
// should be made of: level 0 against entries, each higher level against the level
// below, the whole against the signed root.
func (c *checker) checkTilesAndEntries() error {
	tiles, err := c.fetchTiles()
	if err != nil {
		return err
	}
	if err := c.fetchEntries(); err != nil {
		return err
	}
	if c.tree.size != c.cp.size {
		return errStop // Said by fetchEntries; without the entries there is no truth to hold proofs against.
	}
	for i, h := range tiles[0] {
		if h != c.tree.leaf(int64(i)) {
			c.failf(kindLeaf, "entry %d does not hash to hash %d of %s", i, i%tileWidth, tilePath(0, int64(i/tileWidth), tileWidth))
		}
	}
	for level := 1; level < len(tiles); level++ {
		for i, h := range tiles[level] {
			below := tiles[level-1][i*tileWidth : (i+1)*tileWidth]
			if perfectHash(below) != h {
				c.failf(kindParent, "%s does not hash to hash %d of %s",
					tilePath(level-1, int64(i), tileWidth), i%tileWidth, tilePath(level, int64(i/tileWidth), tileWidth))
			}
		}
	}
	c.checkRoots(tiles)
	return nil
}

// fetchTiles returns all hashes of each level. It stops the run unless every tile is there.
func (c *checker) fetchTiles() ([][]tlog.Hash, error) {
	levels := [][]tlog.Hash{nil}
	complete := true
	for level := 0; c.cp.size>>(tileHeight*level) > 0; level++ {
		count := c.cp.size >> (tileHeight * level)
		hashes := make([]tlog.Hash, 0, count)
		for _, span := range tilesOf(count) {
			body, err := c.fetchSpan(kindTile, level, span)
			if err != nil {
				return nil, err
			}
			if body == nil {
				complete = false
				continue
			}
			for ; len(body) > 0; body = body[tlog.HashSize:] {
				hashes = append(hashes, toHash(body[:tlog.HashSize]))
			}
			c.count("tiles", 1)
		}
		if level == 0 {
			levels = nil
		}
		levels = append(levels, hashes)
	}
	if !complete {
		return nil, errStop
	}
	return levels, nil
}

// fetchSpan gets a tile, or the full tile it has since become, cut to the span's
// hashes. It returns nil after reporting why there is none. A bundle is returned whole.
func (c *checker) fetchSpan(k kind, level int, span tileSpan) ([]byte, error) {
	path := tilePath(level, span.n, span.width)
	a, err := c.client.get(path)
	if err != nil {
		return nil, err
	}
	width := span.width
	if a.status == 404 && width < tileWidth {
		if full, err := c.client.get(tilePath(level, span.n, tileWidth)); err != nil {
			return nil, err
		} else if full.status == 200 {
			a, width = full, tileWidth
		}
	}
	if a.status != 200 {
		c.failf(k, "GET %s: %s", path, a.words())
		return nil, nil
	}
	sort := "tiles"
	if k == kindBundle {
		sort = entryBundles
	}
	c.checkHeaders(sort, a, tileContentType, cacheForever)
	if k == kindTile {
		if len(a.body) != width*tlog.HashSize {
			c.failf(k, "%s has %d bytes, not %d", path, len(a.body), width*tlog.HashSize)
			return nil, nil
		}
		return a.body[:span.width*tlog.HashSize], nil
	}
	return a.body, nil
}

// parseBundle splits a bundle of exactly width entries.
func parseBundle(body []byte, width int) ([][]byte, error) {
	var entries [][]byte
	for len(body) > 0 {
		if len(body) < 2 {
			return nil, fmt.Errorf("entry %d has half a length", len(entries))
		}
		n := int(binary.BigEndian.Uint16(body))
		if len(body) < 2+n {
			return nil, fmt.Errorf("entry %d needs %d bytes, %d are left", len(entries), n, len(body)-2)
		}
		entries = append(entries, body[2:2+n])
		body = body[2+n:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("it has %d entries, not %d", len(entries), width)
	}
	return entries, nil
}

// fetchEntries builds the tree from the bundles.
func (c *checker) fetchEntries() error {
	c.tree = &memTree{}
	for _, span := range tilesOf(c.cp.size) {
		body, err := c.fetchSpan(kindBundle, entriesLevel, span)
		if err != nil {
			return err
		}
		if body == nil {
			return nil
		}
		entries, err := parseBundle(body, span.width)
		if err != nil && span.width < tileWidth {
			// The full bundle may have taken the partial one's place.
			if full, err2 := parseBundle(body, tileWidth); err2 == nil {
				entries, err = full[:span.width], nil
			}
		}
		if err != nil {
			c.failf(kindBundle, "%s: %v", tilePath(entriesLevel, span.n, span.width), err)
			return nil
		}
		for _, entry := range entries {
			c.count("entry bytes", int64(len(entry)))
			if err := c.tree.append(tlog.RecordHash(entry)); err != nil {
				return err
			}
		}
		c.count("entry bundles", 1)
	}
	return nil
}

func (c *checker) checkRoots(tiles [][]tlog.Hash) {
	if got, err := compactRoot(c.tree.leaves(0, c.tree.size)); err != nil || got != c.cp.root {
		c.failf(kindRoot, "entries hash to %v (transparency-dev/merkle, %v), the checkpoint says %v", got, err, c.cp.root)
	}
	if got, err := c.tree.root(c.cp.size); err != nil || got != c.cp.root {
		c.failf(kindRoot, "entries hash to %v (x/mod, %v), the checkpoint says %v", got, err, c.cp.root)
	}
	// x/mod's own tile reader, which authenticates what it reads against the root.
	reader := tlog.TileHashReader(tlog.Tree{N: c.cp.size, Hash: c.cp.root}, heldTiles(tiles))
	if c.cp.size == 0 {
		return
	}
	if got, err := tlog.TreeHash(c.cp.size, reader); err != nil || got != c.cp.root {
		c.failf(kindRoot, "tiles hash to %v (x/mod, %v), the checkpoint says %v", got, err, c.cp.root)
	}
}

// heldTiles hands downloaded tiles to x/mod's tile reader.
type heldTiles [][]tlog.Hash

func (h heldTiles) Height() int                     { return tileHeight }
func (h heldTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (h heldTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		start := t.N * tileWidth
		if t.L >= len(h) || start+int64(t.W) > int64(len(h[t.L])) {
			return nil, fmt.Errorf("x/mod wants %s, which this tree does not have", tilePath(t.L, t.N, t.W))
		}
		for _, hash := range h[t.L][start : start+int64(t.W)] {
			out[i] = append(out[i], hash[:]...)
		}
	}
	return out, nil
}

// perfectHash is the root over a power of two of hashes.
func perfectHash(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	mid := len(hashes) / 2
	return tlog.NodeHash(perfectHash(hashes[:mid]), perfectHash(hashes[mid:]))
}
