package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const tlogProofHeader = "c2sp.org/tlog-proof@v1"

// tlogProof is a parsed c2sp.org/tlog-proof@v1; its checkpoint is not opened yet.
type tlogProof struct {
	extra      []byte
	index      int64
	hashes     []tlog.Hash
	checkpoint []byte
}

func parseTlogProof(text string) (*tlogProof, error) {
	head, note, ok := strings.Cut(text, "\n\n")
	if !ok {
		return nil, errors.New("no empty line before the checkpoint")
	}
	lines := strings.Split(head, "\n")
	if lines[0] != tlogProofHeader {
		return nil, fmt.Errorf("first line is %q", lines[0])
	}
	lines = lines[1:]
	p := &tlogProof{checkpoint: []byte(note)}
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		extra, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(lines[0], "extra "))
		if err != nil {
			return nil, fmt.Errorf("extra: %v", err)
		}
		p.extra, lines = extra, lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return nil, errors.New("no index line")
	}
	index, err := parseDecimal(strings.TrimPrefix(lines[0], "index "))
	if err != nil {
		return nil, fmt.Errorf("index: %v", err)
	}
	p.index = index
	for _, line := range lines[1:] {
		h, err := parseHash(line)
		if err != nil {
			return nil, err
		}
		p.hashes = append(p.hashes, h)
	}
	return p, nil
}

func formatTlogProof(extra []byte, index int64, hashes []tlog.Hash, checkpoint []byte) string {
	var b strings.Builder
	fmt.Fprintln(&b, tlogProofHeader)
	if extra != nil {
		fmt.Fprintf(&b, "extra %s\n", base64.StdEncoding.EncodeToString(extra))
	}
	fmt.Fprintf(&b, "index %d\n", index)
	b.WriteString(formatHashLines(hashes))
	fmt.Fprintf(&b, "\n%s", checkpoint)
	return b.String()
}

func formatHashLines(hashes []tlog.Hash) string {
	var b strings.Builder
	for _, h := range hashes {
		fmt.Fprintln(&b, h)
	}
	return b.String()
}

// parseHashLines reads a consistency proof: one base64 hash a line, perhaps none.
func parseHashLines(body []byte) ([]tlog.Hash, error) {
	if len(body) == 0 {
		return nil, nil
	}
	text := string(body)
	if !strings.HasSuffix(text, "\n") {
		return nil, errors.New("last line has no newline")
	}
	var hashes []tlog.Hash
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		h, err := parseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}
