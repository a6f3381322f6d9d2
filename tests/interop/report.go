package main

import (
	"fmt"
	"io"
)

// kind says what sort of promise was broken, so that a test can tell a rejection
// for the right reason from one for another reason.
type kind string

const (
	kindKey         kind = "key"         // the verifier key
	kindNote        kind = "note"        // a signed note or its checkpoint text
	kindHeaders     kind = "headers"     // content type, caching, CORS
	kindTile        kind = "tile"        // a tile is missing or has the wrong length
	kindBundle      kind = "bundle"      // an entry bundle is missing or malformed
	kindLeaf        kind = "leaf"        // an entry does not hash to its level-0 tile's hash
	kindParent      kind = "parent"      // a tile does not hash to its parent's hash
	kindRoot        kind = "root"        // entries or tiles do not hash to the signed root
	kindInclusion   kind = "inclusion"   // an inclusion proof
	kindConsistency kind = "consistency" // a consistency proof
	kindView        kind = "view"        // two signed checkpoints contradict each other
	kindAbsent      kind = "absent"      // something that does not exist was served
	kindPartial     kind = "partial"     // an older partial tile or bundle
	kindRejection   kind = "rejection"   // a proof was accepted after a change
)

const problemsKept = 40

type problem struct {
	kind kind
	what string
}

// report collects what was checked and what was wrong. It is not safe for
// concurrent use.
type report struct {
	problems []problem
	total    int
	names    []string
	counts   map[string]int64
	notes    []string
}

func newReport() *report { return &report{counts: map[string]int64{}} }

func (r *report) failf(k kind, format string, args ...interface{}) {
	r.total++
	if len(r.problems) < problemsKept {
		r.problems = append(r.problems, problem{k, fmt.Sprintf(format, args...)})
	}
}

func (r *report) notef(format string, args ...interface{}) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

func (r *report) count(name string, n int64) {
	if _, ok := r.counts[name]; !ok {
		r.names = append(r.names, name)
	}
	r.counts[name] += n
}

func (r *report) has(k kind) bool {
	for _, p := range r.problems {
		if p.kind == k {
			return true
		}
	}
	return false
}

func (r *report) ok() bool { return r.total == 0 }

func (r *report) write(w io.Writer) {
	for _, name := range r.names {
		fmt.Fprintf(w, "%9d %s\n", r.counts[name], name)
	}
	for _, note := range r.notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	for _, p := range r.problems {
		fmt.Fprintf(w, "PROBLEM %s: %s\n", p.kind, p.what)
	}
	if r.total > len(r.problems) {
		fmt.Fprintf(w, "… and %d more problems\n", r.total-len(r.problems))
	}
}

func (r *report) err() error {
	if r.ok() {
		return nil
	}
	return fmt.Errorf("%d problems", r.total)
}
