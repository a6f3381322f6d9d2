package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checkpoint is a tlog-checkpoint whose note was opened.
type checkpoint struct {
	origin     string
	size       int64
	root       tlog.Hash
	extensions []string
	raw        []byte
	note       *note.Note
}

var decimal = regexp.MustCompile(`^(0|[1-9][0-9]{0,18})$`)

func parseDecimal(s string) (int64, error) {
	if !decimal.MatchString(s) {
		return 0, fmt.Errorf("%q is not a decimal number without leading zeroes", s)
	}
	return strconv.ParseInt(s, 10, 64)
}

// parseHash reads a canonical base64 hash: the spelling that encoding it gives.
func parseHash(s string) (tlog.Hash, error) {
	h, err := tlog.ParseHash(s)
	if err == nil && h.String() != s {
		err = errors.New("not canonical base64")
	}
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("hash %q: %v", s, err)
	}
	return h, nil
}

// parseCheckpointText reads a note's text as tlog-checkpoint describes it.
func parseCheckpointText(text string) (*checkpoint, error) {
	if !strings.HasSuffix(text, "\n") {
		return nil, errors.New("checkpoint text does not end in a newline")
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 {
		return nil, fmt.Errorf("checkpoint has %d lines, needs 3", len(lines))
	}
	for _, line := range lines {
		if line == "" {
			return nil, errors.New("checkpoint has an empty line")
		}
	}
	size, err := parseDecimal(lines[1])
	if err != nil {
		return nil, fmt.Errorf("tree size: %v", err)
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return nil, fmt.Errorf("root: %v", err)
	}
	// x/mod's own parser reads the same three lines under its own origin; it must agree.
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + lines[1] + "\n" + lines[2] + "\n"))
	if err != nil || tree.N != size || tree.Hash != root {
		return nil, fmt.Errorf("x/mod reads the checkpoint differently: %v %v", tree, err)
	}
	if size == 0 {
		if empty, _ := tlog.TreeHash(0, nil); root != empty {
			return nil, errors.New("the empty tree's root is not SHA-256 of nothing")
		}
	}
	return &checkpoint{origin: lines[0], size: size, root: root, extensions: lines[3:]}, nil
}

// openCheckpoint accepts raw only if key signed it under the checkpoint's origin.
func openCheckpoint(raw []byte, key note.Verifier) (*checkpoint, error) {
	n, err := note.Open(raw, note.VerifierList(key))
	if err != nil {
		return nil, err
	}
	for _, sig := range n.Sigs {
		// note.Open ignores the unused bits at the end of base64; a stored
		// note has one spelling only.
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return nil, fmt.Errorf("signature of %s: %v", sig.Name, err)
		}
	}
	cp, err := parseCheckpointText(n.Text)
	if err != nil {
		return nil, err
	}
	if cp.origin != key.Name() {
		return nil, fmt.Errorf("origin %q is not the key's name %q", cp.origin, key.Name())
	}
	cp.raw, cp.note = raw, n
	return cp, nil
}

// readCheckpointUnverified parses a checkpoint for which no key is at hand.
func readCheckpointUnverified(raw []byte) (*checkpoint, error) {
	n, err := note.Open(raw, nil)
	var unverified *note.UnverifiedNoteError
	if errors.As(err, &unverified) {
		n, err = unverified.Note, nil
	}
	if err != nil {
		return nil, err
	}
	cp, err := parseCheckpointText(n.Text)
	if err != nil {
		return nil, err
	}
	cp.raw, cp.note = raw, n
	return cp, nil
}

// keyID is signed-note's key ID of a verifier key's bytes (the type, then the public key).
func keyID(name string, key []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return binary.BigEndian.Uint32(sum[:])
}
