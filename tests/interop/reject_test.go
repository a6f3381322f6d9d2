package main

import (
	"math/rand"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// Goal: a verifier that accepts everything is caught on each sort of change.
func TestRejectionChecksCatchAVerifierThatAcceptsAll(t *testing.T) {
	l := newTestLog(testOrigin, 11)
	c := &checker{report: newReport(), rng: rand.New(rand.NewSource(1)), tree: l.tree}
	root, _ := l.tree.root(11)
	old, _ := l.tree.root(6)
	inclusion, _ := tlog.ProveRecord(11, 3, l.tree)
	consistency, _ := tlog.ProveTree(11, 6, l.tree)
	c.rejectInclusion("inclusion", 3, 11, l.tree.leaf(3), inclusion, root,
		func(int64, int64, tlog.Hash, []tlog.Hash, tlog.Hash) error { return nil })
	c.rejectConsistency("consistency", 6, 11, consistency, old, root,
		func(int64, int64, []tlog.Hash, tlog.Hash, tlog.Hash) error { return nil })
	if c.counts["changed proofs and notes rejected"] != 0 {
		t.Error("something counted as rejected")
	}
	for _, want := range []string{
		"inclusion: a bit of the leaf", "inclusion: a bit of the root", "inclusion: a bit of hash 3", "inclusion: index 2", "inclusion: size 3",
		"inclusion: last hash dropped", "inclusion: first hash dropped", "inclusion: a hash added", "inclusion: two hashes exchanged",
		"consistency: a bit of the old root", "consistency: a bit of the new root", "consistency: a bit of hash 0", "consistency: sizes 7 and 11",
	} {
		found := false
		for _, p := range c.problems {
			found = found || strings.HasPrefix(p.what, want)
		}
		if !found {
			t.Errorf("nothing said of %q", want)
		}
	}
}

// Goal: the exception for sizes that ask for the same computation is as narrow as it
// claims: both implementations accept exactly the changes of equal shape.
func TestEqualShapesAreExactlyTheSizesAProofCannotTellApart(t *testing.T) {
	const max = 40
	l := newTestLog(testOrigin, max)
	for size := int64(1); size <= max; size++ {
		root, _ := l.tree.root(size)
		for index := int64(0); index < size; index++ {
			proof, _ := tlog.ProveRecord(size, index, l.tree)
			for other := index + 1; other <= max; other++ {
				accepted := verifyInclusion(index, other, l.tree.leaf(index), proof, root) == nil
				if accepted != (inclusionShape(index, other) == inclusionShape(index, size)) {
					t.Fatalf("index %d, size %d, verified with size %d: %v", index, size, other, accepted)
				}
			}
		}
		for from := int64(1); from <= size; from++ {
			old, _ := l.tree.root(from)
			proof, _ := tlog.ProveTree(size, from, l.tree)
			for f := int64(1); f <= max; f++ {
				for to := f; to <= max; to++ {
					accepted := verifyConsistency(f, to, proof, old, root) == nil
					if accepted != (consistencyShape(f, to) == consistencyShape(from, size)) {
						t.Fatalf("%d to %d, verified as %d to %d: %v", from, size, f, to, accepted)
					}
				}
			}
		}
	}
}
