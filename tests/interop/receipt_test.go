package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func receiptJSON(t *testing.T, r *receipt) []byte {
	t.Helper()
	data, err := marshalLine(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// judge is what the receipt command does with its files' contents.
func judge(data, entries []byte, key note.Verifier) error {
	r, err := parseReceipt(data)
	if err != nil {
		return err
	}
	leaves, err := receiptLeaves(r, entries, entries != nil)
	if err != nil {
		return err
	}
	_, err = verifyReceipt(r, leaves, key)
	return err
}

func joinLines(entries [][]byte) []byte {
	return append(bytes.Join(entries, []byte("\n")), '\n')
}

// Goal: every single byte of a receipt matters.
func TestReceiptFailsAfterAChangeOfAnyByte(t *testing.T) {
	l := newTestLog(testOrigin, 70)
	for _, r := range []*receipt{
		l.receipt(1, [2]int64{0, 1}),
		l.receipt(13, [2]int64{3, 12}),
		l.receipt(70, [2]int64{60, 70}, [2]int64{1, 3}, [2]int64{9, 10}),
	} {
		data := receiptJSON(t, r)
		if err := judge(data, nil, l.key.verifier); err != nil {
			t.Fatal(err)
		}
		for i := range data {
			for _, mask := range []byte{0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff} {
				changed := append([]byte(nil), data...)
				changed[i] ^= mask
				if judge(changed, nil, l.key.verifier) == nil {
					t.Errorf("accepted with byte %d changed by %#x: …%s…", i, mask, changed[i:])
				}
			}
		}
	}
}

// Goal: a receipt without leaves is checked against the entries, each byte of which matters.
func TestReceiptIsHeldAgainstEntries(t *testing.T) {
	l := newTestLog(testOrigin, 40)
	r := l.receipt(40, [2]int64{5, 9}, [2]int64{30, 31})
	entries := joinLines(append(append([][]byte{}, l.entries[5:9]...), l.entries[30]))
	withLeaves := receiptJSON(t, r)
	r.Leaves = nil
	bare := receiptJSON(t, r)
	for _, data := range [][]byte{bare, withLeaves} {
		if err := judge(data, entries, l.key.verifier); err != nil {
			t.Fatal(err)
		}
		if err := judge(data, bytes.TrimSuffix(entries, []byte("\n")), l.key.verifier); err != nil {
			t.Errorf("last line without a newline: %v", err)
		}
		for i := range entries[:len(entries)-1] {
			if judge(data, flipByte(entries, i), l.key.verifier) == nil {
				t.Errorf("accepted with byte %d of the entries changed", i)
			}
		}
		if judge(data, append(entries, "more\n"...), l.key.verifier) == nil {
			t.Error("accepted with an entry too many")
		}
	}
	if judge(bare, nil, l.key.verifier) == nil {
		t.Error("accepted without leaves or entries")
	}
}

// Goal: what is not the format, or not this log, is refused.
func TestReceiptRefusals(t *testing.T) {
	l := newTestLog(testOrigin, 13)
	good := string(receiptJSON(t, l.receipt(13, [2]int64{3, 12})))
	if err := judge([]byte(good), nil, newTestKey("other", testOrigin).verifier); err == nil {
		t.Error("accepted with another key of the log's name")
	}
	if err := judge([]byte(good), nil, nil); err != nil {
		t.Errorf("without a key: %v", err)
	}
	split := l.receipt(13, [2]int64{3, 12})
	split.Checkpoint = string(otherCheckpoint(l.key, 13))
	future := l.receipt(13, [2]int64{3, 12})
	future.Ranges[0].Count = 1 << 62
	for name, data := range map[string]string{
		"an unknown member":     strings.Replace(good, `{"stele_receipt"`, `{"x":1,"stele_receipt"`, 1),
		"a member twice":        strings.Replace(good, `"log":`, `"log":"x","log":`, 1),
		"another version":       strings.Replace(good, `_receipt":1`, `_receipt":2`, 1),
		"no ranges":             `{"stele_receipt":1,"log":"x","checkpoint":"x","ranges":[],"leaves":[]}`,
		"a count of 0":          strings.Replace(good, `"count":9`, `"count":0`, 1),
		"a negative first":      strings.Replace(good, `"first":3`, `"first":-3`, 1),
		"a count with exponent": strings.Replace(good, `"count":9`, `"count":9e0`, 1),
		"something after it":    good + "{}",
		"cut short":             good[:len(good)-1],
		"a split view":          string(receiptJSON(t, split)),
		"a huge count":          string(receiptJSON(t, future)),
		"null":                  "null",
		"nothing":               "",
	} {
		if judge([]byte(data), nil, l.key.verifier) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Goal: the command's exit codes and its warning about a missing key.
func TestReceiptCommand(t *testing.T) {
	dir := t.TempDir()
	l := newTestLog(testOrigin, 13)
	file := filepath.Join(dir, "receipt.json")
	write := func(r *receipt) {
		data, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := func(args ...string) (int, string) {
		var out bytes.Buffer
		code := run(append([]string{"receipt"}, args...), &out, &out)
		return code, out.String()
	}
	r := l.receipt(13, [2]int64{3, 12})
	write(r)
	if code, out := command("-file", file, "-key", l.key.vkey); code != exitOK {
		t.Errorf("%d %s", code, out)
	}
	if code, out := command("-file", file); code != exitOK || !strings.Contains(out, "NOT CHECKED") {
		t.Errorf("%d %s", code, out)
	}
	r.Ranges[0].First++
	write(r)
	if code, out := command("-file", file, "-key", l.key.vkey); code != exitDamage {
		t.Errorf("%d %s", code, out)
	}
	if code, out := command("-file", file+".missing", "-key", l.key.vkey); code != exitUnchecked {
		t.Errorf("%d %s", code, out)
	}
}
