package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// seededReader is an endless, reproducible stream: SHA-256 of the seed and a counter.
// It makes keys for tests and vectors, never for anything real.
type seededReader struct {
	seed string
	n    uint64
	rest []byte
}

func (s *seededReader) Read(p []byte) (int, error) {
	for len(s.rest) < len(p) {
		block := sha256.Sum256([]byte(fmt.Sprintf("%s/%d", s.seed, s.n)))
		s.rest = append(s.rest, block[:]...)
		s.n++
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

type testKey struct {
	skey, vkey string
	signer     note.Signer
	verifier   note.Verifier
}

func newTestKey(seed, name string) *testKey {
	skey, vkey, err := note.GenerateKey(&seededReader{seed: seed}, name)
	if err != nil {
		panic(err)
	}
	k := &testKey{skey: skey, vkey: vkey}
	if k.signer, err = note.NewSigner(skey); err != nil {
		panic(err)
	}
	if k.verifier, err = note.NewVerifier(vkey); err != nil {
		panic(err)
	}
	return k
}

func (k *testKey) checkpoint(size int64, root tlog.Hash) []byte {
	return signNote(checkpointText(k.signer.Name(), size, root), k.signer)
}

func checkpointText(origin string, size int64, root tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)
}

func signNote(text string, signers ...note.Signer) []byte {
	raw, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		panic(err)
	}
	return raw
}

// testLog serves a log made with x/mod alone, over the paths that Stele serves.
// It exists so that the checks can be tested without Stele.
type testLog struct {
	key *testKey

	mu      sync.Mutex
	entries [][]byte
	tree    *memTree
	size    int64 // published
	gzip    bool
	tamper  func(path string, a *answer)
}

func newTestLog(origin string, size int64) *testLog {
	l := &testLog{key: newTestKey("testlog "+origin, origin), tree: &memTree{}}
	l.grow(size)
	return l
}

func (l *testLog) grow(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := int64(0); i < n; i++ {
		entry := []byte(fmt.Sprintf("leaf-%d", len(l.entries)))
		l.entries = append(l.entries, entry)
		if err := l.tree.append(tlog.RecordHash(entry)); err != nil {
			panic(err)
		}
	}
	l.size = l.tree.size
}

func (l *testLog) checkpointAt(size int64) []byte {
	root, err := l.tree.root(size)
	if err != nil {
		panic(err)
	}
	return l.key.checkpoint(size, root)
}

func (l *testLog) receipt(size int64, ranges ...[2]int64) *receipt {
	r := &receipt{Version: 1, Log: l.key.signer.Name(), Checkpoint: string(l.checkpointAt(size))}
	for _, ab := range ranges {
		proof, err := proveRange(l.tree, size, ab[0], ab[1])
		if err != nil {
			panic(err)
		}
		r.Ranges = append(r.Ranges, receiptRange{First: ab[0], Count: ab[1] - ab[0], Proof: proof})
		r.Leaves = append(r.Leaves, l.tree.leaves(ab[0], ab[1]-ab[0])...)
	}
	return r
}

func (l *testLog) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	path := strings.TrimPrefix(req.URL.RequestURI(), "/log/main/")
	a := l.answer(path, req)
	if l.tamper != nil {
		l.tamper(path, a)
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if l.gzip && strings.HasPrefix(path, "tile/entries/") && a.status == 200 {
		var z bytes.Buffer
		zw := gzip.NewWriter(&z)
		_, _ = zw.Write(a.body)
		_ = zw.Close()
		a.body = z.Bytes()
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func textAnswer(status int, body string) *answer {
	return &answer{status, http.Header{
		"Content-Type":  {"text/plain; charset=utf-8"},
		"Vary":          {"Authorization"},
		"Cache-Control": {"private, no-cache"},
	}, []byte(body)}
}

func tileAnswer(body []byte) *answer {
	return &answer{200, http.Header{
		"Content-Type":  {tileContentType},
		"Vary":          {"Authorization"},
		"Cache-Control": {"private, max-age=31536000, immutable"},
	}, body}
}

var (
	notFound   = func() *answer { return textAnswer(404, "not found\n") }
	badRequest = func() *answer { return textAnswer(400, "bad request\n") }
	tileURL    = regexp.MustCompile(`^tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?$`)
)

func (l *testLog) answer(path string, req *http.Request) *answer {
	switch {
	case path == "key":
		return textAnswer(200, l.key.vkey+"\n")
	case path == "checkpoint":
		return textAnswer(200, string(l.checkpointAt(l.size)))
	case strings.HasPrefix(path, "tile/"):
		return l.answerTile(path)
	case strings.HasPrefix(path, "proof/"):
		return l.answerProof(strings.TrimPrefix(strings.Split(path, "?")[0], "proof/"), req.URL.Query()["size"])
	case strings.HasPrefix(path, "consistency"):
		return l.answerConsistency(req.URL.Query().Get("from"), req.URL.Query().Get("to"))
	}
	return notFound()
}

func (l *testLog) answerTile(path string) *answer {
	m := tileURL.FindStringSubmatch(path)
	if m == nil || len(m[2]) > 15 {
		return notFound()
	}
	n, _ := strconv.ParseInt(strings.NewReplacer("x", "", "/", "").Replace(m[2]), 10, 64)
	level, width := entriesLevel, tileWidth
	if m[1] != "entries" {
		level, _ = strconv.Atoi(m[1])
	}
	if m[3] != "" {
		width, _ = strconv.Atoi(m[3])
		if width >= tileWidth {
			return notFound()
		}
	}
	if tilePath(level, n, width) != path {
		return notFound()
	}
	if level == entriesLevel {
		first := n * tileWidth
		if first+int64(width) > l.size {
			return notFound()
		}
		return tileAnswer(formatBundle(l.entries[first : first+int64(width)]))
	}
	if tileHeight*level > 62 || n*tileWidth+int64(width) > l.size>>(tileHeight*level) {
		return notFound()
	}
	data, err := tlog.ReadTileData(tlog.Tile{H: tileHeight, L: level, N: n, W: width}, l.tree)
	if err != nil {
		return notFound()
	}
	return tileAnswer(data)
}

func formatBundle(entries [][]byte) []byte {
	var out []byte
	for _, e := range entries {
		out = append(out, 0, 0)
		binary.BigEndian.PutUint16(out[len(out)-2:], uint16(len(e)))
		out = append(out, e...)
	}
	return out
}

func (l *testLog) answerProof(indexText string, sizes []string) *answer {
	size := l.size
	if len(sizes) > 0 {
		var err error
		if size, err = parseDecimal(sizes[0]); err != nil {
			return badRequest()
		}
		// Like a log that keeps only some checkpoints.
		if size != l.size && size%3 != 0 {
			return notFound()
		}
	}
	index, err := parseDecimal(indexText)
	if err != nil || size > l.size || index >= size {
		return notFound()
	}
	hashes, err := tlog.ProveRecord(size, index, l.tree)
	if err != nil {
		return notFound()
	}
	return textAnswer(200, formatTlogProof(nil, index, hashes, l.checkpointAt(size)))
}

func (l *testLog) answerConsistency(fromText, toText string) *answer {
	from, err1 := parseDecimal(fromText)
	to, err2 := parseDecimal(toText)
	if err1 != nil || err2 != nil || from < 1 || from > to || to > l.size {
		return badRequest()
	}
	hashes, err := tlog.ProveTree(to, from, l.tree)
	if err != nil {
		return badRequest()
	}
	return textAnswer(200, formatHashLines(hashes))
}
