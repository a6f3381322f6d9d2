package main

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// naiveRoot is RFC 6962 §2.1 word for word.
func naiveRoot(leaves []tlog.Hash) tlog.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := int(split(int64(len(leaves))))
	return tlog.NodeHash(naiveRoot(leaves[:k]), naiveRoot(leaves[k:]))
}

// naiveRangeProof is the definition word for word, over leaves [lo, lo+len).
func naiveRangeProof(leaves []tlog.Hash, lo, a, b int64) []tlog.Hash {
	hi := lo + int64(len(leaves))
	if a <= lo && hi <= b {
		return nil
	}
	k := split(int64(len(leaves)))
	left, right := leaves[:k], leaves[k:]
	meets := func(lo, hi int64) bool { return a < hi && lo < b }
	switch {
	case meets(lo, lo+k) && meets(lo+k, hi):
		return append(naiveRangeProof(left, lo, a, b), naiveRangeProof(right, lo+k, a, b)...)
	case meets(lo, lo+k):
		return append(naiveRangeProof(left, lo, a, b), naiveRoot(right))
	default:
		return append(naiveRangeProof(right, lo+k, a, b), naiveRoot(left))
	}
}

// Goal: for every range of every small tree the proof is the definition's, both
// verifiers accept it, and both reject it after any change.
func TestRangeProofsOfAllSmallTrees(t *testing.T) {
	const max = 33
	l := newTestLog(testOrigin, max)
	for n := int64(1); n <= max; n++ {
		root, _ := l.tree.root(n)
		for a := int64(0); a < n; a++ {
			for b := a + 1; b <= n; b++ {
				name := fmt.Sprintf("[%d, %d) of %d", a, b, n)
				leaves := l.tree.leaves(a, b-a)
				proof, err := proveRange(l.tree, n, a, b)
				if err != nil {
					t.Fatal(name, err)
				}
				if fmt.Sprint(proof) != fmt.Sprint(append([]tlog.Hash{}, naiveRangeProof(l.tree.leaves(0, n), 0, a, b)...)) {
					t.Fatalf("%s: not the proof that the definition gives", name)
				}
				if err := verifyRange(n, a, leaves, proof, root); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				rejectChangedRange(t, name, n, a, leaves, proof, root)
			}
		}
	}
}

func rejectChangedRange(t *testing.T, name string, n, a int64, leaves, proof []tlog.Hash, root tlog.Hash) {
	t.Helper()
	must := func(what string, err error) {
		t.Helper()
		var disagree *errDisagree
		if err == nil || errors.As(err, &disagree) {
			t.Fatalf("%s: %s: %v", name, what, err)
		}
	}
	flipped := func(hashes []tlog.Hash, i int) []tlog.Hash {
		out := append([]tlog.Hash(nil), hashes...)
		out[i][i%32] ^= 0x10
		return out
	}
	for i := range proof {
		must("a proof hash", verifyRange(n, a, leaves, flipped(proof, i), root))
	}
	for i := range leaves {
		must("a leaf", verifyRange(n, a, flipped(leaves, i), proof, root))
	}
	must("the root", verifyRange(n, a, leaves, proof, flipped([]tlog.Hash{root}, 0)[0]))
	must("a hash more", verifyRange(n, a, leaves, append(append([]tlog.Hash(nil), proof...), root), root))
	must("a leaf more", verifyRange(n, a, append(append([]tlog.Hash(nil), leaves...), root), proof, root))
	must("no leaves", verifyRange(n, a, nil, proof, root))
	if len(proof) > 0 {
		must("a hash less", verifyRange(n, a, leaves, proof[1:], root))
		must("one place on", verifyRange(n, a+1, leaves, proof, root))
	}
	if a > 0 {
		must("one place back", verifyRange(n, a-1, leaves, proof, root))
	}
	must("before the tree", verifyRange(n, -1, leaves, proof, root))
	must("behind the tree", verifyRange(n, n, leaves, proof, root))
}

// Goal: one entry's range proof is its RFC 6962 audit path.
func TestRangeProofOfOneEntryIsTheAuditPath(t *testing.T) {
	l := newTestLog(testOrigin, 300)
	for _, n := range []int64{1, 2, 3, 7, 8, 64, 65, 255, 256, 257, 300} {
		for index := int64(0); index < n; index++ {
			want, _ := tlog.ProveRecord(n, index, l.tree)
			got, err := proveRange(l.tree, n, index, index+1)
			if err != nil || fmt.Sprint(got) != fmt.Sprint([]tlog.Hash(want)) {
				t.Fatalf("entry %d of %d: %v", index, n, err)
			}
		}
	}
}
