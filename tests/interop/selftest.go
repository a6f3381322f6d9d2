package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// scenario is one served log and what check must say of it. The same list is run by
// `interop selftest` and by go test.
type scenario struct {
	name string
	size int64
	// prepare changes the log before it is served, and may add to the options.
	prepare func(*testLog, *checkOptions)
	// tamper changes single answers.
	tamper func(l *testLog, path string, a *answer)
	// want is the kind of problem that must be found; empty if the log is fine.
	want kind
}

const testOrigin = "log.example/selftest"

// flipByte changes a bit of byte at; what is shorter stays as it is.
func flipByte(b []byte, at int) []byte {
	out := append([]byte(nil), b...)
	if at < len(out) {
		out[at] ^= 1
	}
	return out
}

// onPath tampers with answers of status 200 whose path starts with prefix.
func onPath(prefix string, change func(l *testLog, a *answer)) func(*testLog, string, *answer) {
	return func(l *testLog, path string, a *answer) {
		if strings.HasPrefix(path, prefix) && a.status == 200 {
			change(l, a)
		}
	}
}

// onProof rewrites the inclusion proofs served.
func onProof(change func(l *testLog, p *tlogProof)) func(*testLog, string, *answer) {
	return onPath("proof/", func(l *testLog, a *answer) {
		p, err := parseTlogProof(string(a.body))
		if err != nil {
			panic(err)
		}
		change(l, p)
		a.body = []byte(formatTlogProof(p.extra, p.index, p.hashes, p.checkpoint))
	})
}

// otherTree is a tree of size entries none of which are the log's.
func otherTree(size int64) *memTree {
	t := &memTree{}
	for i := int64(0); i < size; i++ {
		if err := t.append(tlog.RecordHash([]byte(fmt.Sprintf("other-%d", i)))); err != nil {
			panic(err)
		}
	}
	return t
}

func otherCheckpoint(key *testKey, size int64) []byte {
	root, err := otherTree(size).root(size)
	if err != nil {
		panic(err)
	}
	return key.checkpoint(size, root)
}

func scenarios() []scenario {
	var out []scenario
	for _, size := range []int64{0, 1, 2, 3, 5, 255, 256, 257, 511, 512, 513, 1000, 65536, 70000} {
		out = append(out, scenario{name: fmt.Sprintf("honest, %d entries", size), size: size})
	}
	out = append(out,
		scenario{name: "honest, key given, gzip, older checkpoints", size: 700, prepare: func(l *testLog, o *checkOptions) {
			l.gzip, o.key = true, l.key.vkey
			o.old = [][]byte{l.checkpointAt(0), l.checkpointAt(1), l.checkpointAt(256), l.checkpointAt(699), l.checkpointAt(700)}
		}},
		scenario{name: "honest, other signatures beside the log's", size: 10,
			tamper: onPath("checkpoint", func(l *testLog, a *answer) {
				root, _ := l.tree.root(l.size)
				a.body = signNote(checkpointText(testOrigin, l.size, root),
					newTestKey("w1", "witness.example/w1").signer, l.key.signer, newTestKey("w2", testOrigin).signer)
			})},
		scenario{name: "honest, extra data in proofs", size: 10,
			tamper: onProof(func(_ *testLog, p *tlogProof) { p.extra = []byte("anything") })},
	)
	return append(append(append(out, noteScenarios()...), tileScenarios()...), proofScenarios()...)
}

func noteScenarios() []scenario {
	return []scenario{
		{name: "key does not parse", size: 9, want: kindKey,
			tamper: onPath("key", func(_ *testLog, a *answer) { a.body = flipByte(a.body, len(a.body)-4) })},
		{name: "another key than the one trusted", size: 9, want: kindNote,
			prepare: func(_ *testLog, o *checkOptions) { o.key = newTestKey("other", testOrigin).vkey }},
		{name: "checkpoint signed by another key of that name", size: 9, want: kindNote,
			tamper: onPath("checkpoint", func(l *testLog, a *answer) {
				root, _ := l.tree.root(l.size)
				a.body = newTestKey("other", testOrigin).checkpoint(l.size, root)
			})},
		{name: "a bit of the checkpoint's signature", size: 9, want: kindNote,
			tamper: onPath("checkpoint", func(_ *testLog, a *answer) { a.body = flipByte(a.body, len(a.body)-12) })},
		{name: "a bit of the checkpoint's root", size: 9, want: kindNote,
			tamper: onPath("checkpoint", func(_ *testLog, a *answer) { a.body = flipByte(a.body, len(testOrigin)+8) })},
		{name: "checkpoint signed under another origin", size: 9, want: kindNote,
			tamper: onPath("checkpoint", func(l *testLog, a *answer) {
				root, _ := l.tree.root(l.size)
				a.body = signNote(checkpointText("log.example/other", l.size, root), l.key.signer)
			})},
		{name: "size with a leading zero", size: 9, want: kindNote,
			tamper: onPath("checkpoint", func(l *testLog, a *answer) {
				root, _ := l.tree.root(l.size)
				a.body = signNote(fmt.Sprintf("%s\n0%d\n%s\n", testOrigin, l.size, root), l.key.signer)
			})},
		{name: "empty tree with a root of zeroes", size: 0, want: kindNote,
			tamper: onPath("checkpoint", func(l *testLog, a *answer) { a.body = l.key.checkpoint(0, tlog.Hash{}) })},
		{name: "checkpoint over other entries", size: 9, want: kindRoot,
			tamper: onPath("checkpoint", func(l *testLog, a *answer) { a.body = otherCheckpoint(l.key, l.size) })},
		{name: "checkpoint over fewer entries than its size", size: 9, want: kindTile,
			tamper: onPath("checkpoint", func(l *testLog, a *answer) { a.body = otherCheckpoint(l.key, l.size+1) })},
		{name: "checkpoint is missing", size: 9, want: kindNote,
			tamper: onPath("checkpoint", func(_ *testLog, a *answer) { a.status = 503 })},
		{name: "checkpoint's content type", size: 9, want: kindHeaders,
			tamper: onPath("checkpoint", func(_ *testLog, a *answer) { a.header.Set("Content-Type", "text/plain") })},
		{name: "checkpoint cached for an hour", size: 9, want: kindHeaders,
			tamper: onPath("checkpoint", func(_ *testLog, a *answer) { a.header.Set("Cache-Control", "max-age=3600") })},
		{name: "older checkpoint of other entries", size: 700, want: kindView,
			prepare: func(l *testLog, o *checkOptions) { o.old = [][]byte{otherCheckpoint(l.key, 300)} }},
		{name: "older checkpoint of another key", size: 700, want: kindNote,
			prepare: func(l *testLog, o *checkOptions) {
				root, _ := l.tree.root(300)
				o.old = [][]byte{newTestKey("other", testOrigin).checkpoint(300, root)}
			}},
		{name: "rolled back behind an older checkpoint", size: 700, want: kindView,
			prepare: func(l *testLog, o *checkOptions) { o.old = [][]byte{l.checkpointAt(700)}; l.size = 600 }},
	}
}

func tileScenarios() []scenario {
	flipAt := func(at int) func(*testLog, *answer) {
		return func(_ *testLog, a *answer) { a.body = flipByte(a.body, at) }
	}
	return []scenario{
		{name: "a bit of a full level-0 tile", size: 700, want: kindLeaf, tamper: onPath("tile/0/001", flipAt(777))},
		{name: "a bit of a full level-0 tile, seen from its parent", size: 700, want: kindParent, tamper: onPath("tile/0/001", flipAt(777))},
		{name: "a bit of the partial level-0 tile", size: 700, want: kindLeaf, tamper: onPath("tile/0/002.p/188", flipAt(5999))},
		{name: "a bit of the partial level-0 tile, seen from the root", size: 700, want: kindRoot, tamper: onPath("tile/0/002.p/188", flipAt(5999))},
		{name: "a bit of the level-1 tile", size: 700, want: kindParent, tamper: onPath("tile/1/000", flipAt(0))},
		{name: "a bit of a full level-1 tile", size: 70000, want: kindParent, tamper: func(_ *testLog, path string, a *answer) {
			if path == "tile/1/000" {
				a.body = flipByte(a.body, 4000)
			}
		}},
		{name: "a bit of the level-2 tile", size: 70000, want: kindParent, tamper: onPath("tile/2/000", flipAt(31))},
		{name: "two level-0 tiles exchanged", size: 700, want: kindLeaf, tamper: func(l *testLog, path string, a *answer) {
			switch path {
			case "tile/0/000":
				*a = *l.answerTile("tile/0/001")
			case "tile/0/001":
				*a = *l.answerTile("tile/0/000")
			}
		}},
		{name: "a tile cut short", size: 700, want: kindTile,
			tamper: onPath("tile/0/000", func(_ *testLog, a *answer) { a.body = a.body[:len(a.body)-1] })},
		{name: "a full tile where a partial one was asked for", size: 700, want: kindTile,
			tamper: onPath("tile/0/002.p/188", func(_ *testLog, a *answer) { a.body = append(a.body, make([]byte, 32)...) })},
		{name: "a tile missing", size: 700, want: kindTile,
			tamper: onPath("tile/1/000", func(_ *testLog, a *answer) { a.status = 404 })},
		{name: "tiles' content type", size: 9, want: kindHeaders,
			tamper: onPath("tile/0/", func(_ *testLog, a *answer) { a.header.Set("Content-Type", "text/plain") })},
		{name: "tiles not cacheable", size: 9, want: kindHeaders,
			tamper: onPath("tile/0/", func(_ *testLog, a *answer) { a.header.Set("Cache-Control", "private, no-cache") })},
		{name: "tiles for caches that others use", size: 9, want: kindHeaders,
			tamper: onPath("tile/0/", func(_ *testLog, a *answer) { a.header.Set("Cache-Control", "public, max-age=31536000, immutable") })},
		{name: "tiles for whoever asks a cache", size: 9, want: kindHeaders,
			tamper: onPath("tile/0/", func(_ *testLog, a *answer) { a.header.Del("Vary") })},
		{name: "entries shown to pages of any site", size: 9, want: kindHeaders,
			tamper: onPath("tile/entries/", func(_ *testLog, a *answer) { a.header.Set("Access-Control-Allow-Origin", "*") })},
		{name: "bundles' content type", size: 9, want: kindHeaders,
			tamper: onPath("tile/entries/", func(_ *testLog, a *answer) { a.header.Set("Content-Type", "application/json") })},
		{name: "a bit of an entry", size: 700, want: kindLeaf, tamper: onPath("tile/entries/001", flipAt(105))},
		{name: "a bit of an entry, seen from the root", size: 700, want: kindRoot, tamper: onPath("tile/entries/001", flipAt(105))},
		{name: "a bit of the last entry", size: 700, want: kindLeaf,
			tamper: onPath("tile/entries/002.p/188", func(_ *testLog, a *answer) { a.body = flipByte(a.body, len(a.body)-1) })},
		{name: "two entries exchanged", size: 9, want: kindLeaf, tamper: onPath("tile/entries/", func(l *testLog, a *answer) {
			if entries, err := parseBundle(a.body, 9); err == nil {
				entries[3], entries[4] = entries[4], entries[3]
				a.body = formatBundle(entries)
			}
		})},
		{name: "an entry and its tile hash forged together", size: 700, want: kindRoot, tamper: func(_ *testLog, path string, a *answer) {
			if path == "tile/entries/002.p/188" {
				a.body = flipByte(a.body, 2)
			}
			if path == "tile/0/002.p/188" {
				h := tlog.RecordHash(flipByte([]byte("leaf-512"), 0))
				copy(a.body, h[:])
			}
		}},
		{name: "an entry's length", size: 9, want: kindBundle, tamper: onPath("tile/entries/", flipAt(1))},
		{name: "an entry too many", size: 9, want: kindBundle,
			tamper: onPath("tile/entries/000.p/9", func(_ *testLog, a *answer) { a.body = append(a.body, 0, 1, 'x') })},
		{name: "an entry too few", size: 9, want: kindBundle,
			tamper: onPath("tile/entries/000.p/9", func(l *testLog, a *answer) { a.body = formatBundle(l.entries[:8]) })},
		{name: "a bundle missing", size: 700, want: kindBundle,
			tamper: onPath("tile/entries/001", func(_ *testLog, a *answer) { a.status = 500 })},
		{name: "an older partial tile", size: 9, want: kindPartial, tamper: onPath("tile/0/000.p/5", flipAt(9))},
		{name: "an older partial bundle", size: 9, want: kindPartial, tamper: onPath("tile/entries/000.p/5", flipAt(9))},
		{name: "an older partial bundle with more entries", size: 9, want: kindPartial,
			tamper: onPath("tile/entries/000.p/5", func(l *testLog, a *answer) { a.body = formatBundle(l.entries[:6]) })},
		{name: "an older checkpoint's partial tile gone", size: 9, want: kindPartial,
			prepare: func(l *testLog, o *checkOptions) { o.old = [][]byte{l.checkpointAt(5)} },
			tamper:  onPath("tile/0/000.p/5", func(_ *testLog, a *answer) { *a = *notFound() })},
		{name: "a tile beyond the tree", size: 9, want: kindAbsent, tamper: func(_ *testLog, path string, a *answer) {
			if path == tilePath(0, 1000, 1) {
				*a = *tileAnswer(make([]byte, 32))
			}
		}},
		{name: "an empty tile", size: 256, want: kindAbsent, tamper: func(_ *testLog, path string, a *answer) {
			if path == "tile/0/001" {
				*a = *tileAnswer(nil)
			}
		}},
		{name: "the partial tile that comes next", size: 9, want: kindAbsent, tamper: func(_ *testLog, path string, a *answer) {
			if path == "tile/0/000.p/10" {
				*a = *tileAnswer(make([]byte, 320))
			}
		}},
		{name: "a tile of width 0", size: 9, want: kindAbsent, tamper: func(_ *testLog, path string, a *answer) {
			if path == "tile/0/000.p/0" {
				*a = *tileAnswer(nil)
			}
		}},
		{name: "a tile without leading zeroes", size: 300, want: kindAbsent, tamper: func(l *testLog, path string, a *answer) {
			if path == "tile/0/0" {
				*a = *l.answerTile("tile/0/000")
			}
		}},
		{name: "a 404 that is cached for ever", size: 9, want: kindAbsent, tamper: func(_ *testLog, path string, a *answer) {
			if a.status == 404 {
				a.header.Set("Cache-Control", "max-age=31536000, immutable")
			}
		}},
	}
}

func proofScenarios() []scenario {
	onConsistency := func(change func(l *testLog, a *answer)) func(*testLog, string, *answer) {
		return onPath("consistency", change)
	}
	return []scenario{
		{name: "a bit of an inclusion proof", size: 9, want: kindInclusion,
			tamper: onProof(func(_ *testLog, p *tlogProof) { p.hashes[0][0] ^= 1 })},
		{name: "an inclusion proof too long", size: 9, want: kindInclusion,
			tamper: onProof(func(_ *testLog, p *tlogProof) { p.hashes = append(p.hashes, tlog.Hash{}) })},
		{name: "an inclusion proof from the root down", size: 9, want: kindInclusion, tamper: onProof(func(_ *testLog, p *tlogProof) {
			for i, j := 0, len(p.hashes)-1; i < j; i, j = i+1, j-1 {
				p.hashes[i], p.hashes[j] = p.hashes[j], p.hashes[i]
			}
		})},
		{name: "an inclusion proof of another entry", size: 9, want: kindInclusion,
			tamper: onProof(func(_ *testLog, p *tlogProof) { p.index ^= 1 })},
		{name: "an inclusion proof of another entry under the index asked for", size: 9, want: kindInclusion,
			tamper: onProof(func(l *testLog, p *tlogProof) {
				p.hashes, _ = tlog.ProveRecord(l.size, (p.index+1)%l.size, l.tree)
			})},
		{name: "an inclusion proof to an older size than published", size: 9, want: kindInclusion, tamper: func(l *testLog, path string, a *answer) {
			if path == "proof/3" {
				*a = *l.answerProof("3", []string{"6"})
			}
		}},
		{name: "an inclusion proof to another size than asked for", size: 9, want: kindInclusion, tamper: func(l *testLog, path string, a *answer) {
			if path == "proof/3?size=9" {
				*a = *l.answerProof("3", []string{"6"})
			}
		}},
		{name: "an inclusion proof with an unsigned checkpoint", size: 9, want: kindNote,
			tamper: onProof(func(_ *testLog, p *tlogProof) { p.checkpoint = flipByte(p.checkpoint, len(p.checkpoint)-12) })},
		{name: "an inclusion proof without its first line", size: 9, want: kindInclusion,
			tamper: onPath("proof/", func(_ *testLog, a *answer) { a.body = a.body[len(tlogProofHeader)+1:] })},
		{name: "an inclusion proof that is refused", size: 9, want: kindInclusion,
			tamper: onPath("proof/", func(_ *testLog, a *answer) { *a = *notFound() })},
		{name: "a split view inside a proof", size: 9, want: kindView,
			tamper: onProof(func(l *testLog, p *tlogProof) {
				other := otherTree(l.size)
				p.hashes, _ = tlog.ProveRecord(l.size, p.index, other)
				p.checkpoint = otherCheckpoint(l.key, l.size)
			})},
		{name: "a newer checkpoint that forgets", size: 9, want: kindView,
			tamper: func(l *testLog, path string, a *answer) {
				if path == "consistency?from=9&to=12" {
					hashes, _ := tlog.ProveTree(12, 9, otherTree(12))
					*a = *textAnswer(200, formatHashLines(hashes))
				}
				onProof(func(l *testLog, p *tlogProof) { p.checkpoint = otherCheckpoint(l.key, l.size+3) })(l, path, a)
			}},
		{name: "a bit of a consistency proof", size: 9, want: kindConsistency,
			tamper: onConsistency(func(_ *testLog, a *answer) {
				if len(a.body) > 0 {
					a.body = flipByte(a.body, 0)
				}
			})},
		{name: "a consistency proof too long", size: 9, want: kindConsistency,
			tamper: onConsistency(func(_ *testLog, a *answer) { a.body = append(a.body, tlog.Hash{}.String()+"\n"...) })},
		{name: "a consistency proof cut short", size: 9, want: kindConsistency,
			tamper: onConsistency(func(_ *testLog, a *answer) { a.body = nil })},
		{name: "a consistency proof without its last newline", size: 9, want: kindConsistency,
			tamper: onConsistency(func(_ *testLog, a *answer) {
				if len(a.body) > 0 {
					a.body = a.body[:len(a.body)-1]
				}
			})},
		{name: "a consistency proof that is refused", size: 9, want: kindConsistency,
			tamper: onConsistency(func(_ *testLog, a *answer) { a.status = 500 })},
		{name: "a consistency proof to the future", size: 9, want: kindAbsent, tamper: func(_ *testLog, path string, a *answer) {
			if path == "consistency?from=1&to=1000009" {
				*a = *textAnswer(200, "")
			}
		}},
		{name: "a proof of an entry that is not there", size: 9, want: kindAbsent, tamper: func(l *testLog, path string, a *answer) {
			if path == "proof/1000009" {
				*a = *l.answerProof("0", nil)
			}
		}},
	}
}

// run serves the scenario's log on loopback and checks it.
func (s scenario) run() (*report, error) {
	l := newTestLog(testOrigin, s.size)
	server := httptest.NewServer(l)
	defer server.Close()
	opts := checkOptions{url: server.URL + "/log/main", seed: 1, samples: 60, allMax: 2000, timeout: 10 * time.Second}
	if s.want != "" {
		opts.samples, opts.allMax = 20, 50 // What is wrong is wrong early.
	}
	if s.prepare != nil {
		s.prepare(l, &opts)
	}
	if s.tamper != nil {
		l.tamper = func(path string, a *answer) { s.tamper(l, path, a) }
	}
	return check(opts)
}

// verdict says what was wrong with check's answer, or nothing.
func (s scenario) verdict(r *report, err error) error {
	switch {
	case err != nil:
		return err
	case s.want == "" && !r.ok():
		return fmt.Errorf("an honest log was rejected: %v", r.problems)
	case s.want != "" && r.ok():
		return errors.New("accepted")
	case s.want != "" && !r.has(s.want):
		return fmt.Errorf("rejected, but not for %s: %v", s.want, r.problems)
	}
	return nil
}

func selftestCommand(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("selftest", flag.ContinueOnError)
	verbose := flags.Bool("v", false, "say what each check found")
	if err := flags.Parse(args); err != nil {
		return unchecked(err)
	}
	all, failed := scenarios(), 0
	for _, s := range all {
		r, err := s.run()
		bad := s.verdict(r, err)
		if bad != nil {
			failed++
			fmt.Fprintf(stdout, "FAILED  %s: %v\n", s.name, bad)
		} else if *verbose {
			fmt.Fprintf(stdout, "ok      %s\n", s.name)
			r.write(stdout)
		}
	}
	fmt.Fprintf(stdout, "%d scenarios, %d failed\n", len(all), failed)
	if failed != 0 {
		return fmt.Errorf("%d scenarios failed", failed)
	}
	return nil
}
