package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The vectors are for unit tests in other languages. Every tree has entry i =
// "leaf-<i>". Everything is made by existing implementations and accepted by both
// of them before it is written; range proofs, which neither has, are made from
// x/mod's hashes and accepted by the two verifiers in rangeproof.go.

type rootVector struct {
	Size int64     `json:"size"`
	Root tlog.Hash `json:"root"`
}

type leafVector struct {
	Data string    `json:"data"`
	Hash tlog.Hash `json:"hash"`
}

type inclusionVector struct {
	Size  int64       `json:"size"`
	Index int64       `json:"index"`
	Proof []tlog.Hash `json:"proof"`
}

type consistencyVector struct {
	From  int64       `json:"from"`
	To    int64       `json:"to"`
	Proof []tlog.Hash `json:"proof"`
}

type rangeVector struct {
	Size  int64       `json:"size"`
	First int64       `json:"first"`
	Count int64       `json:"count"`
	Proof []tlog.Hash `json:"proof"`
}

type tilePathVector struct {
	Level string `json:"level"` // a number, or "entries"
	N     int64  `json:"n"`
	Width int    `json:"width"`
	Path  string `json:"path"`
}

type tileVector struct {
	Size   int64  `json:"size"` // of the tree
	Path   string `json:"path"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

type tileShapeVector struct {
	Size   int64        `json:"size"`
	Levels []levelShape `json:"levels"`
}

type levelShape struct {
	Level   int   `json:"level"`
	Full    int64 `json:"full"`
	Partial int   `json:"partial"` // width of the partial tile, 0 for none
}

type keyVector struct {
	Name  string `json:"name"`
	Seed  string `json:"seed_hex"` // the Ed25519 private key's 32-byte seed
	SKey  string `json:"skey"`
	VKey  string `json:"vkey"`
	KeyID string `json:"key_id_hex"`
}

type vkeyVector struct {
	Case string `json:"case"`
	VKey string `json:"vkey"`
	OK   bool   `json:"ok"`
}

type noteVector struct {
	Case  string   `json:"case"`
	VKeys []string `json:"vkeys"`
	// The note, or its base64 where it is not UTF-8.
	Note       string   `json:"note,omitempty"`
	NoteBase64 string   `json:"note_base64,omitempty"`
	OK         bool     `json:"ok"`
	Text       string   `json:"text,omitempty"`
	SignedBy   []string `json:"signed_by,omitempty"`
}

type checkpointVector struct {
	VKey       string `json:"vkey"`
	Size       int64  `json:"size"`
	Checkpoint string `json:"checkpoint"`
}

type tlogProofVector struct {
	VKey  string `json:"vkey"`
	Entry string `json:"entry"`
	Index int64  `json:"index"`
	Size  int64  `json:"size"`
	Extra string `json:"extra_base64,omitempty"`
	Text  string `json:"text"`
}

type receiptVector struct {
	VKey    string   `json:"vkey"`
	Receipt *receipt `json:"receipt"`
}

const (
	vectorsSeed     = 6962
	vectorsOrigin   = "log.example/vectors"
	allInclusionMax = 20
	allRangesMax    = 12
	vectorsTreeSize = 1000
)

func vectorSizes() []int64 {
	var sizes []int64
	for n := int64(0); n <= 70; n++ {
		sizes = append(sizes, n)
	}
	return append(sizes, 255, 256, 257, vectorsTreeSize)
}

// section is one named list of the file, one element a line.
type section struct {
	name string
	list []interface{}
}

type vectorWriter struct {
	sections []section
}

func (w *vectorWriter) add(name string, v interface{}) {
	if n := len(w.sections); n == 0 || w.sections[n-1].name != name {
		w.sections = append(w.sections, section{name: name})
	}
	s := &w.sections[len(w.sections)-1]
	s.list = append(s.list, v)
}

func (w *vectorWriter) bytes() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("{\n\"format\":\"stele interop vectors 1\"")
	for _, s := range w.sections {
		fmt.Fprintf(&b, ",\n%q:[", s.name)
		for i, v := range s.list {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('\n')
			line, err := marshalLine(v)
			if err != nil {
				return nil, err
			}
			b.Write(line)
		}
		b.WriteString("\n]")
	}
	b.WriteString("\n}\n")
	return b.Bytes(), nil
}

func marshalLine(v interface{}) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// makeVectors returns the file's bytes, the same every time.
func makeVectors() ([]byte, error) {
	l := newTestLog(vectorsOrigin, vectorsTreeSize)
	g := &vectorMaker{log: l, rng: rand.New(rand.NewSource(vectorsSeed))}
	for _, step := range []func() error{
		g.trees, g.inclusion, g.consistency, g.ranges, g.tilePaths, g.tileShapes, g.tiles,
		g.keys, g.vkeys, g.notes, g.checkpoints, g.tlogProofs, g.receipts,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return g.bytes()
}

type vectorMaker struct {
	vectorWriter
	log *testLog
	rng *rand.Rand
}

func (g *vectorMaker) trees() error {
	for i := int64(0); i < 4; i++ {
		g.add("leaves", leafVector{string(g.log.entries[i]), g.log.tree.leaf(i)})
	}
	for _, size := range vectorSizes() {
		root, err := g.log.tree.root(size)
		if err != nil {
			return err
		}
		if other, err := compactRoot(g.log.tree.leaves(0, size)); err != nil || other != root {
			return fmt.Errorf("root of %d entries: %v, %v, %v", size, root, other, err)
		}
		g.add("roots", rootVector{size, root})
	}
	return nil
}

// sampled calls f for n seeded pairs lo < hi ≤ size, after the edges.
func (g *vectorMaker) sampled(size int64, n int, f func(lo, hi int64) error) error {
	pairs := [][2]int64{{0, size}, {0, 1}, {size - 1, size}}
	for i := 0; i < n; i++ {
		lo := g.rng.Int63n(size)
		pairs = append(pairs, [2]int64{lo, lo + 1 + g.rng.Int63n(size-lo)})
	}
	for _, pair := range pairs {
		if err := f(pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}

func samplesFor(size int64) int {
	if size > 70 {
		return 12
	}
	return 1
}

func (g *vectorMaker) inclusion() error {
	one := func(size, index int64) error {
		root, err := g.log.tree.root(size)
		if err != nil {
			return err
		}
		hashes, err := tlog.ProveRecord(size, index, g.log.tree)
		if err != nil {
			return err
		}
		if err := verifyInclusion(index, size, g.log.tree.leaf(index), hashes, root); err != nil {
			return err
		}
		g.add("inclusion", inclusionVector{size, index, hashes})
		return nil
	}
	for _, size := range vectorSizes() {
		indexes := []int64{}
		if size <= allInclusionMax {
			for i := int64(0); i < size; i++ {
				indexes = append(indexes, i)
			}
		} else {
			indexes = append(indexes, 0, size-1)
			for i := 0; i < samplesFor(size); i++ {
				indexes = append(indexes, g.rng.Int63n(size))
			}
		}
		for _, index := range indexes {
			if err := one(size, index); err != nil {
				return fmt.Errorf("inclusion of %d in %d: %v", index, size, err)
			}
		}
	}
	return nil
}

func (g *vectorMaker) consistency() error {
	one := func(from, to int64) error {
		oldRoot, err := g.log.tree.root(from)
		if err != nil {
			return err
		}
		newRoot, err := g.log.tree.root(to)
		if err != nil {
			return err
		}
		hashes, err := tlog.ProveTree(to, from, g.log.tree)
		if err != nil {
			return err
		}
		if err := verifyConsistency(from, to, hashes, oldRoot, newRoot); err != nil {
			return fmt.Errorf("consistency of %d with %d: %v", from, to, err)
		}
		g.add("consistency", consistencyVector{from, to, hashes})
		return nil
	}
	sizes := map[int64]bool{}
	for _, size := range vectorSizes() {
		sizes[size] = true
	}
	for _, to := range vectorSizes() {
		for from := int64(1); from <= to; from++ {
			// All of the small ones; of others, to a tree whose root is listed.
			if to > allRangesMax && !(sizes[from] && (from == to || g.rng.Int63n(to) < 2)) {
				continue
			}
			if err := one(from, to); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *vectorMaker) ranges() error {
	one := func(size, a, b int64) error {
		root, err := g.log.tree.root(size)
		if err != nil {
			return err
		}
		hashes, err := proveRange(g.log.tree, size, a, b)
		if err != nil {
			return err
		}
		if err := verifyRange(size, a, g.log.tree.leaves(a, b-a), hashes, root); err != nil {
			return fmt.Errorf("range [%d, %d) of %d: %v", a, b, size, err)
		}
		g.add("range", rangeVector{size, a, b - a, hashes})
		return nil
	}
	for _, size := range vectorSizes()[1:] {
		size := size
		if size > allRangesMax {
			if err := g.sampled(size, samplesFor(size), func(a, b int64) error { return one(size, a, b) }); err != nil {
				return err
			}
			continue
		}
		for a := int64(0); a < size; a++ {
			for b := a + 1; b <= size; b++ {
				if err := one(size, a, b); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (g *vectorMaker) tilePaths() error {
	for _, n := range []int64{0, 1, 9, 10, 255, 256, 999, 1000, 1001, 67, 123456, 999999, 1000000, 1234067, 1000000000, 123456789012} {
		g.add("tile_paths", tilePathVector{"0", n, tileWidth, tilePath(0, n, tileWidth)})
	}
	g.add("tile_paths", tilePathVector{"0", 1234067, 1, tilePath(0, 1234067, 1)})
	for _, level := range []int{1, 2, 7, 63} {
		g.add("tile_paths", tilePathVector{fmt.Sprint(level), 1234067, tileWidth, tilePath(level, 1234067, tileWidth)})
		g.add("tile_paths", tilePathVector{fmt.Sprint(level), 0, 255, tilePath(level, 0, 255)})
	}
	for _, n := range []int64{0, 273, 1234067} {
		g.add("tile_paths", tilePathVector{"entries", n, tileWidth, tilePath(entriesLevel, n, tileWidth)})
		g.add("tile_paths", tilePathVector{"entries", n, 112, tilePath(entriesLevel, n, 112)})
	}
	return nil
}

// tileShapes says which tiles a tree of each size has, by x/mod's NewTiles.
func (g *vectorMaker) tileShapes() error {
	for _, size := range []int64{0, 1, 255, 256, 257, 511, 512, 65535, 65536, 65537, 70000, 16777215, 16777216, 16777217, 100000000} {
		shape := tileShapeVector{Size: size, Levels: []levelShape{}}
		for _, t := range tlog.NewTiles(tileHeight, 0, size) {
			for t.L >= len(shape.Levels) {
				shape.Levels = append(shape.Levels, levelShape{Level: len(shape.Levels)})
			}
			if t.W == tileWidth {
				shape.Levels[t.L].Full++
			} else {
				shape.Levels[t.L].Partial = t.W
			}
		}
		g.add("tile_shapes", shape)
	}
	return nil
}

func (g *vectorMaker) tiles() error {
	one := func(size int64, level int, span tileSpan, data []byte) {
		sum := sha256.Sum256(data)
		g.add("tiles", tileVector{size, tilePath(level, span.n, span.width), len(data), hex.EncodeToString(sum[:])})
	}
	for _, size := range []int64{1, 2, 70, 255, 256, 257, vectorsTreeSize} {
		for level := 0; size>>(tileHeight*level) > 0; level++ {
			for _, span := range tilesOf(size >> (tileHeight * level)) {
				data, err := tlog.ReadTileData(tlog.Tile{H: tileHeight, L: level, N: span.n, W: span.width}, g.log.tree)
				if err != nil {
					return err
				}
				one(size, level, span, data)
				if level == 0 {
					first := span.n * tileWidth
					one(size, entriesLevel, span, formatBundle(g.log.entries[first:first+int64(span.width)]))
				}
			}
		}
	}
	return nil
}

// The example of C2SP signed-note, "Verifier keys" (see README.md for its licence).
const (
	specVKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
	specNote = "This is an example message.\n\n" +
		"— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

var vectorKeys = []*testKey{
	newTestKey("vector key 0", "log.example/vectors-0"),
	newTestKey("vector key 1", "log.example/vectors-1"),
	newTestKey("vector key 2", "a"),
	newTestKey("vector key 3", "log.example/prüfbuch/日誌"),
}

func (g *vectorMaker) keys() error {
	for _, k := range append([]*testKey{g.log.key}, vectorKeys...) {
		raw, err := base64.StdEncoding.DecodeString(k.skey[len(k.skey)-44:])
		if err != nil || len(raw) != 33 {
			return fmt.Errorf("private key of %d bytes: %v", len(raw), err)
		}
		g.add("keys", keyVector{
			Name: k.signer.Name(), Seed: hex.EncodeToString(raw[1:]), SKey: k.skey, VKey: k.vkey,
			KeyID: fmt.Sprintf("%08x", k.signer.KeyHash()),
		})
	}
	return nil
}

func (g *vectorMaker) checkpoints() error {
	for _, size := range []int64{0, 1, 2, 70, 256, vectorsTreeSize} {
		raw := g.log.checkpointAt(size)
		if _, err := openCheckpoint(raw, g.log.key.verifier); err != nil {
			return err
		}
		g.add("checkpoints", checkpointVector{g.log.key.vkey, size, string(raw)})
	}
	return nil
}

func (g *vectorMaker) tlogProofs() error {
	for _, at := range [][2]int64{{0, 1}, {0, 2}, {6, 7}, {3, 11}, {255, 256}, {256, 257}, {999, 1000}} {
		index, size := at[0], at[1]
		hashes, err := tlog.ProveRecord(size, index, g.log.tree)
		if err != nil {
			return err
		}
		v := tlogProofVector{VKey: g.log.key.vkey, Entry: string(g.log.entries[index]), Index: index, Size: size}
		var extra []byte
		if size == 11 {
			extra = []byte("extra data")
			v.Extra = base64.StdEncoding.EncodeToString(extra)
		}
		v.Text = formatTlogProof(extra, index, hashes, g.log.checkpointAt(size))
		if _, err := parseTlogProof(v.Text); err != nil {
			return err
		}
		g.add("tlog_proofs", v)
	}
	return nil
}

func (g *vectorMaker) receipts() error {
	for _, r := range []*receipt{
		g.log.receipt(1, [2]int64{0, 1}),
		g.log.receipt(7, [2]int64{2, 3}),
		g.log.receipt(7, [2]int64{0, 7}),
		g.log.receipt(13, [2]int64{3, 12}),
		g.log.receipt(70, [2]int64{60, 70}, [2]int64{1, 3}, [2]int64{9, 10}),
		g.log.receipt(1000, [2]int64{990, 1000}),
	} {
		if _, err := verifyReceipt(r, r.Leaves, g.log.key.verifier); err != nil {
			return err
		}
		g.add("receipts", receiptVector{g.log.key.vkey, r})
	}
	return nil
}

func vectorsCommand(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("vectors", flag.ContinueOnError)
	out := flags.String("out", "", "file to write")
	if err := flags.Parse(args); err != nil {
		return unchecked(err)
	}
	if *out == "" || flags.NArg() != 0 {
		return unchecked(errors.New("needs -out FILE"))
	}
	data, err := makeVectors()
	if err != nil {
		return err
	}
	if err := os.WriteFile(*out, data, 0o644); err != nil {
		return unchecked(err)
	}
	fmt.Fprintf(stdout, "wrote %d bytes\n", len(data))
	return nil
}

// openedNote runs x/mod on a case; its verdict is the vector's.
func openedNote(name string, vkeys []string, raw []byte) (noteVector, error) {
	v := noteVector{Case: name, VKeys: vkeys, Note: string(raw)}
	var known []note.Verifier
	for _, vkey := range vkeys {
		key, err := note.NewVerifier(vkey)
		if err != nil {
			return v, fmt.Errorf("%s: %v", name, err)
		}
		known = append(known, key)
	}
	if n, err := note.Open(raw, note.VerifierList(known...)); err == nil {
		v.OK, v.Text = true, n.Text
		for _, sig := range n.Sigs {
			v.SignedBy = append(v.SignedBy, sig.Name)
		}
	}
	return v, nil
}
