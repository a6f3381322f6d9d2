package main

import (
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"golang.org/x/mod/sumdb/tlog"
)

// A range proof shows that entries [a, b) are in a tree of n entries. It
// generalises RFC 6962 §2.1.1. For a subtree [lo, hi), with mid where RFC 6962
// splits it:
//
//	PROOF(lo, hi) = nothing                   if [lo, hi) lies in [a, b)
//	              = PROOF(left) ‖ PROOF(right) if both halves meet [a, b)
//	              = PROOF(left) ‖ MTH(right)   if only the left one does
//	              = PROOF(right) ‖ MTH(left)   if only the right one does
//
// For one entry it is the RFC 6962 audit path.

// rangeNodes lists the subtrees whose hashes the proof is made of, in proof order.
func rangeNodes(n, a, b int64) [][2]int64 {
	var out [][2]int64
	var walk func(lo, hi int64)
	walk = func(lo, hi int64) {
		if a <= lo && hi <= b {
			return
		}
		mid := lo + split(hi-lo)
		left, right := a < mid, b > mid
		if left {
			walk(lo, mid)
		}
		if right {
			walk(mid, hi)
		}
		if !right {
			out = append(out, [2]int64{mid, hi})
		}
		if !left {
			out = append(out, [2]int64{lo, mid})
		}
	}
	walk(0, n)
	return out
}

func checkRangeBounds(n, a, b int64) error {
	if a < 0 || a >= b || b > n {
		return fmt.Errorf("range [%d, %d) is empty or outside a tree of %d entries", a, b, n)
	}
	return nil
}

// subtreeHash is MTH(D[lo:hi]) for a subtree of the tree, from x/mod's stored hashes.
func subtreeHash(t *memTree, lo, hi int64) (tlog.Hash, error) {
	if hi-lo == 1 {
		return t.leaf(lo), nil
	}
	level := 0
	for int64(1)<<level < hi-lo {
		level++
	}
	if int64(1)<<level == hi-lo && lo%(hi-lo) == 0 {
		h, err := t.ReadHashes([]int64{tlog.StoredHashIndex(level, lo>>level)})
		if err != nil {
			return tlog.Hash{}, err
		}
		return h[0], nil
	}
	mid := lo + split(hi-lo)
	left, err := subtreeHash(t, lo, mid)
	if err != nil {
		return tlog.Hash{}, err
	}
	right, err := subtreeHash(t, mid, hi)
	if err != nil {
		return tlog.Hash{}, err
	}
	return tlog.NodeHash(left, right), nil
}

// proveRange makes the proof of [a, b) in the tree's first n entries.
func proveRange(t *memTree, n, a, b int64) ([]tlog.Hash, error) {
	if err := checkRangeBounds(n, a, b); err != nil {
		return nil, err
	}
	hashes := []tlog.Hash{}
	for _, node := range rangeNodes(n, a, b) {
		h, err := subtreeHash(t, node[0], node[1])
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

var (
	errRangeRoot   = errors.New("range proof does not lead to the root")
	errRangeLength = errors.New("range proof has too few or too many hashes")
)

// verifyRange checks a range proof twice: by the definition's recursion, and by
// folding the same hashes with transparency-dev's compact ranges.
func verifyRange(n, a int64, leaves, hashes []tlog.Hash, root tlog.Hash) error {
	count := int64(len(leaves))
	if a < 0 || a > n || count < 1 || count > n-a {
		return fmt.Errorf("range of %d entries from %d is empty or outside a tree of %d entries", count, a, n)
	}
	b := a + count
	err := agree(rangeByRecursion(n, a, b, leaves, hashes, root), rangeByCompact(n, a, b, leaves, hashes, root))
	if err == nil && count == 1 {
		err = verifyInclusion(a, n, leaves[0], hashes, root)
	}
	return err
}

func rangeByRecursion(n, a, b int64, leaves, hashes []tlog.Hash, root tlog.Hash) error {
	rest := hashes
	next := func() (tlog.Hash, error) {
		if len(rest) == 0 {
			return tlog.Hash{}, errRangeLength
		}
		h := rest[0]
		rest = rest[1:]
		return h, nil
	}
	var walk func(lo, hi int64) (tlog.Hash, error)
	walk = func(lo, hi int64) (tlog.Hash, error) {
		if lo+1 == hi { // Every leaf reached lies in [a, b): subtrees outside are never entered.
			return leaves[lo-a], nil
		}
		mid := lo + split(hi-lo)
		var left, right tlog.Hash
		var err error
		if a < mid {
			if left, err = walk(lo, mid); err != nil {
				return left, err
			}
		}
		if b > mid {
			if right, err = walk(mid, hi); err != nil {
				return right, err
			}
		} else if right, err = next(); err != nil {
			return right, err
		}
		if a >= mid {
			if left, err = next(); err != nil {
				return left, err
			}
		}
		return tlog.NodeHash(left, right), nil
	}
	got, err := walk(0, n)
	if err != nil {
		return err
	}
	if len(rest) != 0 {
		return errRangeLength
	}
	if got != root {
		return errRangeRoot
	}
	return nil
}

// rangeByCompact joins the subtrees left of the range, the leaves, and the perfect
// subtrees right of it into one compact range from 0. A last subtree that is not
// perfect ends at n; the compact range before it holds exactly its left siblings,
// so folding from the right gives the root.
func rangeByCompact(n, a, b int64, leaves, hashes []tlog.Hash, root tlog.Hash) error {
	nodes := rangeNodes(n, a, b)
	if len(nodes) != len(hashes) {
		return errRangeLength
	}
	byStart := map[int64]int{}
	for i, node := range nodes {
		byStart[node[0]] = i
	}
	r := compactRanges.NewEmptyRange(0)
	var tail []byte
	for pos := int64(0); pos < n; {
		if pos >= a && pos < b {
			h := leaves[pos-a]
			if err := r.Append(h[:], nil); err != nil {
				return err
			}
			pos++
			continue
		}
		i, ok := byStart[pos]
		if !ok {
			return fmt.Errorf("no subtree starts at %d", pos)
		}
		lo, hi, h := uint64(nodes[i][0]), uint64(nodes[i][1]), hashes[i]
		if compact.RangeSize(lo, hi) != 1 {
			if int64(hi) != n {
				return fmt.Errorf("subtree [%d, %d) is neither perfect nor last", lo, hi)
			}
			tail = h[:]
			break
		}
		part, err := compactRanges.NewRange(lo, hi, [][]byte{h[:]})
		if err != nil {
			return err
		}
		if err := r.AppendRange(part, nil); err != nil {
			return err
		}
		pos = int64(hi)
	}
	got, err := r.GetRootHash(nil)
	if err != nil {
		return err
	}
	if tail != nil {
		got = tail
		for i := len(r.Hashes()) - 1; i >= 0; i-- {
			got = compactRanges.Hash(r.Hashes()[i], got)
		}
	}
	if toHash(got) != root {
		return errRangeRoot
	}
	return nil
}
