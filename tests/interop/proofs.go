package main

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// sampleIndexes is every index of a small tree; of a large one, the edges of tiles
// and of the tree and a seeded sample.
func (c *checker) sampleIndexes() []int64 {
	size := c.cp.size
	var out []int64
	if size <= c.opts.allMax {
		for i := int64(0); i < size; i++ {
			out = append(out, i)
		}
		return out
	}
	for _, edge := range []int64{0, 1, 255, 256, 257, 65535, 65536, size - 2, size - 1} {
		if edge < size {
			out = append(out, edge)
		}
	}
	for i := 0; i < c.opts.samples; i++ {
		out = append(out, c.rng.Int63n(size))
	}
	return out
}

// checkInclusionProofs asks for each sampled entry's proof to the newest checkpoint,
// to the checkpoint held, and to some other size. A log must answer the first two;
// it has a signed checkpoint only for some other sizes, so it may decline the third.
func (c *checker) checkInclusionProofs() error {
	for _, index := range c.sampleIndexes() {
		if err := c.checkInclusion(fmt.Sprintf("proof/%d", index), index, -1, false); err != nil {
			return err
		}
		if err := c.checkInclusion(fmt.Sprintf("proof/%d?size=%d", index, c.cp.size), index, c.cp.size, false); err != nil {
			return err
		}
		other := index + 1 + c.rng.Int63n(c.cp.size-index)
		if err := c.checkInclusion(fmt.Sprintf("proof/%d?size=%d", index, other), index, other, true); err != nil {
			return err
		}
	}
	return nil
}

// checkInclusion checks one proof; size -1 stands for whatever the log chose.
func (c *checker) checkInclusion(path string, index, size int64, mayDecline bool) error {
	a, err := c.client.get(path)
	if err != nil {
		return err
	}
	if mayDecline && a.status >= 400 && a.status < 500 {
		c.count("inclusion proofs declined, to sizes without a kept checkpoint", 1)
		return nil
	}
	if a.status != 200 {
		c.failf(kindInclusion, "GET %s: %s", path, a.words())
		return nil
	}
	p, err := parseTlogProof(string(a.body))
	if err != nil {
		c.failf(kindInclusion, "%s is not a tlog-proof: %v", path, err)
		return nil
	}
	if p.index != index {
		c.failf(kindInclusion, "%s is a proof of entry %d", path, p.index)
		return nil
	}
	cp, err := openCheckpoint(p.checkpoint, c.key)
	if err != nil {
		c.failf(kindNote, "%s: checkpoint: %v", path, err)
		return nil
	}
	if (size >= 0 && cp.size != size) || (size < 0 && cp.size < c.cp.size) {
		c.failf(kindInclusion, "%s proves to size %d (the published checkpoint has %d)", path, cp.size, c.cp.size)
		return nil
	}
	if ok, err := c.sameHistory(path, cp); err != nil || !ok {
		return err
	}
	if err := verifyInclusion(index, cp.size, c.tree.leaf(index), p.hashes, cp.root); err != nil {
		c.failf(kindInclusion, "%s: %v", path, err)
		return nil
	}
	c.count("inclusion proofs accepted", 1)
	c.rejectInclusion(path, index, cp.size, c.tree.leaf(index), p.hashes, cp.root, verifyInclusion)
	c.rejectNoteBits(path, cp, 1)
	return nil
}

// sameHistory holds another signed checkpoint against the entries, or, where it is
// newer than they are, asks the log to prove that it extends the one held.
func (c *checker) sameHistory(what string, cp *checkpoint) (bool, error) {
	if cp.size <= c.tree.size {
		root, err := c.tree.root(cp.size)
		if err != nil {
			return false, err
		}
		if root != cp.root {
			c.failf(kindView, "%s: the log signed root %v at size %d, where its entries have %v", what, cp.root, cp.size, root)
			return false, nil
		}
		return true, nil
	}
	name := fmt.Sprintf("%d %v", cp.size, cp.root)
	if c.seen[name] {
		return true, nil
	}
	path := fmt.Sprintf("consistency?from=%d&to=%d", c.cp.size, cp.size)
	hashes, ok, err := c.fetchConsistency(path)
	if err != nil || !ok {
		return false, err
	}
	if c.cp.size > 0 {
		if err := verifyConsistency(c.cp.size, cp.size, hashes, c.cp.root, cp.root); err != nil {
			c.failf(kindView, "%s: newer checkpoint of size %d does not extend size %d: %v", what, cp.size, c.cp.size, err)
			return false, nil
		}
	}
	c.seen[name] = true
	c.count("newer checkpoints found consistent", 1)
	return true, nil
}

func (c *checker) fetchConsistency(path string) ([]tlog.Hash, bool, error) {
	a, err := c.client.get(path)
	if err != nil {
		return nil, false, err
	}
	if a.status != 200 {
		c.failf(kindConsistency, "GET %s: %s", path, a.words())
		return nil, false, nil
	}
	hashes, err := parseHashLines(a.body)
	if err != nil {
		c.failf(kindConsistency, "%s: %v", path, err)
		return nil, false, nil
	}
	return hashes, true, nil
}

func (c *checker) checkConsistencyProofs() error {
	size := c.cp.size
	if size == 0 {
		return nil
	}
	pairs := [][2]int64{{1, size}, {size, size}, {(size + 1) / 2, size}}
	for _, edge := range []int64{2, 255, 256, 257, 512, 65536, size - 1} {
		if edge >= 1 && edge <= size {
			pairs = append(pairs, [2]int64{edge, size})
		}
	}
	for i := 0; i < c.opts.samples; i++ {
		to := 1 + c.rng.Int63n(size)
		pairs = append(pairs, [2]int64{1 + c.rng.Int63n(to), to})
	}
	for _, pair := range pairs {
		if err := c.checkConsistency(pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) checkConsistency(from, to int64) error {
	path := fmt.Sprintf("consistency?from=%d&to=%d", from, to)
	hashes, ok, err := c.fetchConsistency(path)
	if err != nil || !ok {
		return err
	}
	oldRoot, err := c.tree.root(from)
	if err != nil {
		return err
	}
	newRoot, err := c.tree.root(to)
	if err != nil {
		return err
	}
	if err := verifyConsistency(from, to, hashes, oldRoot, newRoot); err != nil {
		c.failf(kindConsistency, "%s: %v", path, err)
		return nil
	}
	c.count("consistency proofs accepted", 1)
	c.rejectConsistency(path, from, to, hashes, oldRoot, newRoot, verifyConsistency)
	return nil
}

// checkOldCheckpoints holds each older checkpoint handed in against the log of today:
// its root against today's entries, by the log's own consistency proof, and its
// partial tiles, which the log must still have or have completed.
func (c *checker) checkOldCheckpoints() error {
	for i, raw := range c.opts.old {
		what := fmt.Sprintf("older checkpoint %d", i)
		cp, err := openCheckpoint(raw, c.key)
		if err != nil {
			c.failf(kindNote, "%s: %v", what, err)
			continue
		}
		if cp.size > c.cp.size {
			c.failf(kindView, "%s has %d entries, the log now only %d: it was rolled back", what, cp.size, c.cp.size)
			continue
		}
		if ok, err := c.sameHistory(what, cp); err != nil {
			return err
		} else if !ok {
			continue
		}
		if cp.size > 0 {
			if err := c.checkConsistency(cp.size, c.cp.size); err != nil {
				return err
			}
		}
		if err := c.checkPartialsOf(cp.size, true); err != nil {
			return err
		}
		c.count("older checkpoints found consistent", 1)
	}
	return nil
}
