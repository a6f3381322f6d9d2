package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type receiptRange struct {
	First int64       `json:"first"`
	Count int64       `json:"count"`
	Proof []tlog.Hash `json:"proof"`
}

// receipt is Stele's receipt, JSON format v1. Leaves lists the leaf hashes of all
// ranges in their order; it is nil where the receipt has none.
type receipt struct {
	Version    int            `json:"stele_receipt"`
	Log        string         `json:"log"`
	Checkpoint string         `json:"checkpoint"`
	Ranges     []receiptRange `json:"ranges"`
	Leaves     []tlog.Hash    `json:"leaves,omitempty"`
}

// parseReceipt is strict: no unknown, repeated or differently spelt member, no
// second spelling of a number or hash. Every byte of a receipt then matters.
func parseReceipt(data []byte) (*receipt, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("receipt is not UTF-8")
	}
	top, err := jsonObject(data, "stele_receipt", "log", "checkpoint", "ranges", "leaves")
	if err != nil {
		return nil, err
	}
	if string(top["stele_receipt"]) != "1" {
		return nil, fmt.Errorf("stele_receipt is %s, not 1", top["stele_receipt"])
	}
	r := &receipt{Version: 1}
	if r.Log, err = jsonString(top, "log"); err != nil {
		return nil, err
	}
	if r.Checkpoint, err = jsonString(top, "checkpoint"); err != nil {
		return nil, err
	}
	ranges, err := jsonArray(top, "ranges")
	if err != nil {
		return nil, err
	}
	if len(ranges) == 0 {
		return nil, errors.New("receipt has no ranges")
	}
	for _, raw := range ranges {
		object, err := jsonObject(raw, "first", "count", "proof")
		if err != nil {
			return nil, err
		}
		var rr receiptRange
		if rr.First, err = parseDecimal(string(object["first"])); err != nil {
			return nil, fmt.Errorf("first: %v", err)
		}
		if rr.Count, err = parseDecimal(string(object["count"])); err != nil {
			return nil, fmt.Errorf("count: %v", err)
		}
		if rr.Count == 0 || rr.First > math.MaxInt64-rr.Count {
			return nil, fmt.Errorf("range of %d entries from %d", rr.Count, rr.First)
		}
		if rr.Proof, err = jsonHashes(object, "proof"); err != nil {
			return nil, err
		}
		r.Ranges = append(r.Ranges, rr)
	}
	if _, ok := top["leaves"]; ok {
		if r.Leaves, err = jsonHashes(top, "leaves"); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// verifyReceipt checks r against leaves, the leaf hashes of all its ranges in
// order. Without a key the signature is not checked, and the receipt proves only
// that its parts belong together.
func verifyReceipt(r *receipt, leaves []tlog.Hash, key note.Verifier) (*checkpoint, error) {
	var cp *checkpoint
	var err error
	if key != nil {
		cp, err = openCheckpoint([]byte(r.Checkpoint), key)
	} else {
		cp, err = readCheckpointUnverified([]byte(r.Checkpoint))
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %v", err)
	}
	if cp.origin != r.Log {
		return nil, fmt.Errorf("receipt is for log %q, its checkpoint for %q", r.Log, cp.origin)
	}
	rest := leaves
	for i, rr := range r.Ranges {
		if rr.Count > int64(len(rest)) {
			return nil, fmt.Errorf("range %d needs %d leaves, %d are left", i, rr.Count, len(rest))
		}
		if err := verifyRange(cp.size, rr.First, rest[:rr.Count], rr.Proof, cp.root); err != nil {
			return nil, fmt.Errorf("range %d, %d entries from %d: %v", i, rr.Count, rr.First, err)
		}
		rest = rest[rr.Count:]
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("%d leaves are covered by no range", len(rest))
	}
	return cp, nil
}

// leavesOfLines hashes entries, one a line, without their newlines.
func leavesOfLines(data []byte) []tlog.Hash {
	var leaves []tlog.Hash
	for len(data) > 0 {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			data = nil
		}
		leaves = append(leaves, tlog.RecordHash(line))
	}
	return leaves
}

// receiptLeaves picks the leaves to check: from entries where there are any, which
// must then agree with the leaves listed.
func receiptLeaves(r *receipt, entries []byte, haveEntries bool) ([]tlog.Hash, error) {
	if !haveEntries {
		if r.Leaves == nil {
			return nil, errors.New("the receipt lists no leaves, and no -entries were given")
		}
		return r.Leaves, nil
	}
	leaves := leavesOfLines(entries)
	if r.Leaves != nil {
		if len(leaves) != len(r.Leaves) {
			return nil, fmt.Errorf("%d entries, but %d leaves listed", len(leaves), len(r.Leaves))
		}
		for i := range leaves {
			if leaves[i] != r.Leaves[i] {
				return nil, fmt.Errorf("entry %d does not hash to the leaf listed", i)
			}
		}
	}
	return leaves, nil
}

func receiptCommand(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("receipt", flag.ContinueOnError)
	file := flags.String("file", "", "the receipt")
	entriesFile := flags.String("entries", "", "raw entries, one a line")
	vkey := flags.String("key", "", "the log's verifier key")
	if err := flags.Parse(args); err != nil {
		return unchecked(err)
	}
	if *file == "" || flags.NArg() != 0 {
		return unchecked(errors.New("needs -file FILE"))
	}
	data, err := os.ReadFile(*file)
	if err != nil {
		return unchecked(err)
	}
	var entries []byte
	if *entriesFile != "" {
		if entries, err = os.ReadFile(*entriesFile); err != nil {
			return unchecked(err)
		}
	}
	var key note.Verifier
	if *vkey != "" {
		if key, err = note.NewVerifier(*vkey); err != nil {
			return unchecked(fmt.Errorf("-key: %v", err))
		}
	}
	r, err := parseReceipt(data)
	if err != nil {
		return err
	}
	leaves, err := receiptLeaves(r, entries, *entriesFile != "")
	if err != nil {
		return err
	}
	cp, err := verifyReceipt(r, leaves, key)
	if err != nil {
		return err
	}
	signed := "signed by " + cp.origin
	if key == nil {
		signed = "SIGNATURE NOT CHECKED (no -key)"
	}
	fmt.Fprintf(stdout, "ok: %d entries in %d ranges, in a tree of %d, %s\n", len(leaves), len(r.Ranges), cp.size, signed)
	return nil
}

// jsonObject reads one object whose members are all among known, each at most once.
func jsonObject(data []byte, known ...string) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, fmt.Errorf("not a JSON object: %v", err)
	}
	out := map[string]json.RawMessage{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, ok := tok.(string)
		if !ok {
			return nil, fmt.Errorf("member name %v", tok)
		}
		if _, ok := out[name]; ok {
			return nil, fmt.Errorf("member %q twice", name)
		}
		ok = false
		for _, k := range known {
			ok = ok || k == name
		}
		if !ok {
			return nil, fmt.Errorf("unknown member %q", name)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, err
		}
		out[name] = raw
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	return out, nil
}

func jsonString(object map[string]json.RawMessage, name string) (string, error) {
	raw, ok := object[name]
	if !ok || len(raw) == 0 || raw[0] != '"' {
		return "", fmt.Errorf("%s is not a string", name)
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

func jsonArray(object map[string]json.RawMessage, name string) ([]json.RawMessage, error) {
	raw, ok := object[name]
	if !ok || len(raw) == 0 || raw[0] != '[' {
		return nil, fmt.Errorf("%s is not an array", name)
	}
	var out []json.RawMessage
	err := json.Unmarshal(raw, &out)
	return out, err
}

func jsonHashes(object map[string]json.RawMessage, name string) ([]tlog.Hash, error) {
	raws, err := jsonArray(object, name)
	if err != nil {
		return nil, err
	}
	hashes := []tlog.Hash{}
	for _, raw := range raws {
		s, err := jsonString(map[string]json.RawMessage{name: raw}, name)
		if err != nil {
			return nil, err
		}
		h, err := parseHash(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}
