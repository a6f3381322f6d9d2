package main

import (
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// Goal: the format is read exactly as c2sp.org/tlog-proof writes it, and not otherwise.
func TestTlogProofFormat(t *testing.T) {
	l := newTestLog(testOrigin, 11)
	hashes, _ := tlog.ProveRecord(11, 3, l.tree)
	text := formatTlogProof([]byte("x"), 3, hashes, l.checkpointAt(11))
	p, err := parseTlogProof(text)
	if err != nil || p.index != 3 || len(p.hashes) != 4 || string(p.extra) != "x" || string(p.checkpoint) != string(l.checkpointAt(11)) {
		t.Fatal(p, err)
	}
	if p, err = parseTlogProof(formatTlogProof(nil, 0, nil, l.checkpointAt(1))); err != nil || p.index != 0 || len(p.hashes) != 0 || p.extra != nil {
		t.Fatal(p, err)
	}
	first := hashes[0].String()
	for name, changed := range map[string]string{
		"another version":            strings.Replace(text, "@v1", "@v2", 1),
		"a space before the version": " " + text,
		"no index":                   strings.Replace(text, "index 3\n", "", 1),
		"index with a zero":          strings.Replace(text, "index 3", "index 03", 1),
		"negative index":             strings.Replace(text, "index 3", "index -3", 1),
		"two spaces":                 strings.Replace(text, "index 3", "index  3", 1),
		"extra after index":          strings.Replace(text, "extra eA==\nindex 3\n", "index 3\nextra eA==\n", 1),
		"extra twice":                strings.Replace(text, "extra eA==\n", "extra eA==\nextra eA==\n", 1),
		"hash too short":             strings.Replace(text, first, first[4:], 1),
		"hash not canonical":         strings.Replace(text, first, nonCanonical(first), 1),
		"carriage returns":           strings.ReplaceAll(text, "\n", "\r\n"),
		"no checkpoint":              strings.Split(text, "\n\n")[0],
	} {
		if p, err := parseTlogProof(changed); err == nil {
			t.Errorf("%s: accepted as %+v", name, p)
		}
	}
}

// nonCanonical sets an unused bit at the end of a hash's base64.
func nonCanonical(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := strings.IndexByte(alphabet, s[len(s)-2])
	return s[:len(s)-2] + string(alphabet[i^1]) + "="
}
