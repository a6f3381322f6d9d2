package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A proof that is accepted must not be accepted after a change. These checks take
// the verifying function, so that their own test can hand in one that accepts all.

func (c *checker) flip(h tlog.Hash) tlog.Hash {
	bit := c.rng.Intn(8 * tlog.HashSize)
	h[bit/8] ^= 1 << (bit % 8)
	return h
}

func (c *checker) expectRejected(what string, err error) {
	var disagree *errDisagree
	switch {
	case err == nil:
		c.failf(kindRejection, "%s: accepted", what)
	case errors.As(err, &disagree):
		c.failf(kindRejection, "%s: %v", what, err)
	default:
		c.count("changed proofs and notes rejected", 1)
	}
}

// changedLists is hashes with each single hash changed by a bit, and with one too
// few, one too many and two exchanged.
func (c *checker) changedLists(hashes []tlog.Hash) map[string][]tlog.Hash {
	out := map[string][]tlog.Hash{}
	clone := func() []tlog.Hash { return append([]tlog.Hash(nil), hashes...) }
	for i := range hashes {
		changed := clone()
		changed[i] = c.flip(changed[i])
		out[fmt.Sprintf("a bit of hash %d", i)] = changed
	}
	if n := len(hashes); n > 0 {
		out["last hash dropped"] = clone()[:n-1]
		out["first hash dropped"] = clone()[1:]
		if n > 1 && hashes[0] != hashes[n-1] {
			changed := clone()
			changed[0], changed[n-1] = changed[n-1], changed[0]
			out["two hashes exchanged"] = changed
		}
	}
	out["a hash added"] = append(clone(), c.flip(tlog.Hash{}))
	return out
}

type inclusionVerifier func(index, size int64, leaf tlog.Hash, hashes []tlog.Hash, root tlog.Hash) error

func (c *checker) rejectInclusion(what string, index, size int64, leaf tlog.Hash, hashes []tlog.Hash, root tlog.Hash, verify inclusionVerifier) {
	c.expectRejected(what+": a bit of the leaf", verify(index, size, c.flip(leaf), hashes, root))
	c.expectRejected(what+": a bit of the root", verify(index, size, leaf, hashes, c.flip(root)))
	for name, changed := range c.changedLists(hashes) {
		c.expectRejected(what+": "+name, verify(index, size, leaf, changed, root))
	}
	for _, other := range []int64{index ^ 1, index + 1, c.rng.Int63n(size), size} {
		// Two equal leaves share a hash, so only the index of another leaf must fail.
		if other != index && (other >= c.tree.size || c.tree.leaf(other) != leaf) {
			c.expectRejected(fmt.Sprintf("%s: index %d", what, other), verify(other, size, leaf, hashes, root))
		}
	}
	for _, other := range []int64{size - 1, size + 1, 2 * size, index} {
		// A size that asks for the same computation is caught by the signature, not by the proof.
		if other <= index || inclusionShape(index, other) != inclusionShape(index, size) {
			c.expectRejected(fmt.Sprintf("%s: size %d", what, other), verify(index, other, leaf, hashes, root))
		}
	}
}

type consistencyVerifier func(from, to int64, hashes []tlog.Hash, oldRoot, newRoot tlog.Hash) error

func (c *checker) rejectConsistency(what string, from, to int64, hashes []tlog.Hash, oldRoot, newRoot tlog.Hash, verify consistencyVerifier) {
	c.expectRejected(what+": a bit of the old root", verify(from, to, hashes, c.flip(oldRoot), newRoot))
	c.expectRejected(what+": a bit of the new root", verify(from, to, hashes, oldRoot, c.flip(newRoot)))
	for name, changed := range c.changedLists(hashes) {
		c.expectRejected(what+": "+name, verify(from, to, changed, oldRoot, newRoot))
	}
	for _, other := range [][2]int64{{from - 1, to}, {from + 1, to}, {from, to - 1}, {from, to + 1}} {
		if other[0] < 1 {
			continue
		}
		if other[0] > other[1] || consistencyShape(other[0], other[1]) != consistencyShape(from, to) {
			c.expectRejected(fmt.Sprintf("%s: sizes %d and %d", what, other[0], other[1]),
				verify(other[0], other[1], hashes, oldRoot, newRoot))
		}
	}
}

// checkNoteRejections changes every bit of the checkpoint's text and of the log's
// signature, one at a time.
func (c *checker) checkNoteRejections() error {
	text, sig, sigLine := c.noteParts(c.cp)
	for bit := 0; bit < 8*len(text); bit++ {
		c.rejectTextBit("checkpoint", c.cp, text, bit)
	}
	for bit := 0; bit < 8*len(sig); bit++ {
		c.rejectSignatureBit("checkpoint", c.cp, sig, sigLine, bit)
	}
	return nil
}

// rejectNoteBits changes rounds random bits of a checkpoint's text and of its signature.
func (c *checker) rejectNoteBits(what string, cp *checkpoint, rounds int) {
	text, sig, sigLine := c.noteParts(cp)
	for i := 0; i < rounds; i++ {
		c.rejectTextBit(what, cp, text, c.rng.Intn(8*len(text)))
		c.rejectSignatureBit(what, cp, sig, sigLine, c.rng.Intn(8*len(sig)))
	}
}

func (c *checker) noteParts(cp *checkpoint) (text string, sig []byte, line string) {
	s := cp.note.Sigs[0]
	sig, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil {
		panic(err) // note.Open decoded it
	}
	return cp.note.Text, sig, "— " + s.Name + " " + s.Base64 + "\n"
}

func (c *checker) rejectTextBit(what string, cp *checkpoint, text string, bit int) {
	changed := []byte(text)
	changed[bit/8] ^= 1 << (bit % 8)
	raw := string(changed) + string(cp.raw[len(text):])
	_, err := note.Open([]byte(raw), note.VerifierList(c.key))
	c.expectRejected(fmt.Sprintf("%s: bit %d of its text", what, bit), err)
}

func (c *checker) rejectSignatureBit(what string, cp *checkpoint, sig []byte, line string, bit int) {
	changed := append([]byte(nil), sig...)
	changed[bit/8] ^= 1 << (bit % 8)
	head := line[:strings.LastIndex(line, " ")+1]
	raw := strings.Replace(string(cp.raw), line, head+base64.StdEncoding.EncodeToString(changed)+"\n", 1)
	_, err := note.Open([]byte(raw), note.VerifierList(c.key))
	c.expectRejected(fmt.Sprintf("%s: bit %d of its signature", what, bit), err)
}
