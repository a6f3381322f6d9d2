package main

import (
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
)

// memTree is a whole Merkle tree in memory, built by x/mod and laid out as its
// StoredHashIndex says. It is a tlog.HashReader.
type memTree struct {
	size   int64
	stored []tlog.Hash
}

func (t *memTree) append(leaf tlog.Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(t.size, leaf, t)
	if err != nil {
		return err
	}
	t.stored = append(t.stored, hashes...)
	t.size++
	return nil
}

func (t *memTree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(t.stored)) {
			return nil, fmt.Errorf("hash %d is not in a tree of %d entries", x, t.size)
		}
		out[i] = t.stored[x]
	}
	return out, nil
}

func (t *memTree) leaf(index int64) tlog.Hash { return t.stored[tlog.StoredHashIndex(0, index)] }

func (t *memTree) leaves(first, count int64) []tlog.Hash {
	out := make([]tlog.Hash, count)
	for i := range out {
		out[i] = t.leaf(first + int64(i))
	}
	return out
}

// root is the root of the first size entries, by x/mod.
func (t *memTree) root(size int64) (tlog.Hash, error) {
	if size > t.size {
		return tlog.Hash{}, fmt.Errorf("no root of size %d in a tree of %d entries", size, t.size)
	}
	return tlog.TreeHash(size, t)
}

var compactRanges = &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}

// compactRoot is the root over leaves by transparency-dev/merkle, sharing nothing with memTree.
func compactRoot(leaves []tlog.Hash) (tlog.Hash, error) {
	r := compactRanges.NewEmptyRange(0)
	for i := range leaves {
		if err := r.Append(append([]byte(nil), leaves[i][:]...), nil); err != nil {
			return tlog.Hash{}, err
		}
	}
	root, err := r.GetRootHash(nil)
	if err != nil {
		return tlog.Hash{}, err
	}
	if root == nil {
		root = rfc6962.DefaultHasher.EmptyRoot()
	}
	return toHash(root), nil
}

func toHash(b []byte) tlog.Hash {
	var h tlog.Hash
	if copy(h[:], b) != len(h) || len(b) != len(h) {
		panic("a hash of another length")
	}
	return h
}

func toSlices(hashes []tlog.Hash) [][]byte {
	out := make([][]byte, len(hashes))
	for i := range hashes {
		h := hashes[i]
		out[i] = h[:]
	}
	return out
}

// errDisagree says that the two implementations gave different verdicts: neither
// can then serve as the oracle.
type errDisagree struct{ xmod, merkle error }

func (e *errDisagree) Error() string {
	return fmt.Sprintf("implementations disagree: x/mod says %v, transparency-dev/merkle says %v", e.xmod, e.merkle)
}

func agree(xmod, merkle error) error {
	if (xmod == nil) != (merkle == nil) {
		return &errDisagree{xmod, merkle}
	}
	return xmod
}

// verifyInclusion asks both implementations.
func verifyInclusion(index, size int64, leaf tlog.Hash, hashes []tlog.Hash, root tlog.Hash) error {
	return agree(
		tlog.CheckRecord(tlog.RecordProof(hashes), size, root, index, leaf),
		proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(size), leaf[:], toSlices(hashes), root[:]))
}

// verifyConsistency asks both implementations. It needs 1 ≤ from ≤ to, which is
// where RFC 6962 defines the proof.
func verifyConsistency(from, to int64, hashes []tlog.Hash, oldRoot, newRoot tlog.Hash) error {
	return agree(
		tlog.CheckTree(tlog.TreeProof(hashes), to, newRoot, from, oldRoot),
		proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(from), uint64(to), toSlices(hashes), oldRoot[:], newRoot[:]))
}

// split is RFC 6962's k: the largest power of two smaller than n ≥ 2.
func split(n int64) int64 {
	k := int64(1)
	for k<<1 < n {
		k <<= 1
	}
	return k
}

// inclusionShape is the computation an inclusion proof stands for: on which side
// each hash goes, leaf to root. Two (index, size) with one shape are told apart
// by the signed size only, not by the proof.
func inclusionShape(index, size int64) string {
	if size <= 1 {
		return ""
	}
	if k := split(size); index < k {
		return inclusionShape(index, k) + "R"
	} else {
		return inclusionShape(index-k, size-k) + "L"
	}
}

// consistencyShape is the same for a consistency proof.
func consistencyShape(from, to int64) string {
	var walk func(lo, hi int64) string
	walk = func(lo, hi int64) string {
		if from == hi {
			if lo == 0 {
				return "old"
			}
			return "new"
		}
		if mid := lo + split(hi-lo); from <= mid {
			return walk(lo, mid) + "R"
		} else {
			return walk(mid, hi) + "L"
		}
	}
	return walk(0, to)
}
