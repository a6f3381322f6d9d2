package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

type checkOptions struct {
	url     string
	key     string   // verifier key; fetched from /key where empty
	old     [][]byte // older signed checkpoints of the log
	seed    int64
	samples int   // how many proofs of each sort, where not all are checked
	allMax  int64 // the tree size up to which every inclusion proof is checked
	timeout time.Duration
	settle  time.Duration // how soon a log publishes what it has signed
}

// checker is one run of check over one log at one checkpoint.
type checker struct {
	*report
	client *logClient
	key    note.Verifier
	rng    *rand.Rand
	opts   checkOptions

	cp   *checkpoint // the checkpoint that everything is checked against
	tree *memTree    // built from the entries themselves, nothing else
	seen map[string]bool
}

// check verifies a log. An error means that it could not be checked; what is wrong
// with the log is in the report.
func check(opts checkOptions) (*report, error) {
	c := &checker{
		report: newReport(),
		client: newLogClient(opts.url, opts.timeout),
		rng:    rand.New(rand.NewSource(opts.seed)),
		opts:   opts,
		seen:   map[string]bool{},
	}
	steps := []func() error{
		c.loadKey, c.loadCheckpoint, c.checkNoteRejections,
		c.checkTilesAndEntries, c.checkOldCheckpoints,
		c.checkInclusionProofs, c.checkConsistencyProofs,
		c.checkOlderPartials, c.checkAbsent,
	}
	for _, step := range steps {
		err := step()
		if errors.Is(err, errStop) {
			return c.report, nil
		}
		if err != nil {
			return c.report, err
		}
	}
	return c.report, nil
}

// errStop ends a run whose report already says why nothing further can be checked.
var errStop = errors.New("stop")

func (c *checker) loadKey() error {
	vkey := c.opts.key
	if vkey == "" {
		a, err := c.client.get("key")
		if err != nil {
			return err
		}
		if a.status != 200 {
			c.failf(kindKey, "GET key: %s", a.words())
			return errStop
		}
		vkey = strings.TrimSuffix(string(a.body), "\n")
		c.notef("the key came from the log itself: %s", vkey)
	}
	key, err := note.NewVerifier(vkey)
	if err != nil {
		c.failf(kindKey, "verifier key %q: %v", vkey, err)
		return errStop
	}
	c.key = key
	return nil
}

func (c *checker) loadCheckpoint() error {
	a, err := c.client.get("checkpoint")
	if err != nil {
		return err
	}
	if a.status != 200 {
		c.failf(kindNote, "GET checkpoint: %s", a.words())
		return errStop
	}
	c.checkHeaders("checkpoint", a, "text/plain; charset=utf-8", cacheSeconds)
	if c.cp, err = openCheckpoint(a.body, c.key); err != nil {
		c.failf(kindNote, "checkpoint: %v", err)
		return errStop
	}
	if len(c.cp.extensions) != 0 {
		c.notef("the checkpoint has %d extension lines, which tlog-checkpoint advises against", len(c.cp.extensions))
	}
	c.count("entries in the tree", c.cp.size)
	return nil
}

func checkCommand(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	var opts checkOptions
	var oldFiles []string
	flags.StringVar(&opts.url, "url", "", "the log's prefix, such as http://127.0.0.1:7373/log/main")
	flags.StringVar(&opts.key, "key", "", "the log's verifier key (default: what URL/key says)")
	flags.Func("old", "`file` with an older signed checkpoint of the log (repeatable)", func(name string) error {
		oldFiles = append(oldFiles, name)
		return nil
	})
	flags.Int64Var(&opts.seed, "seed", 1, "seed of every random choice")
	flags.IntVar(&opts.samples, "samples", 400, "proofs of each sort to check where not all are")
	flags.Int64Var(&opts.allMax, "all", 2000, "tree size up to which every inclusion proof is checked")
	flags.DurationVar(&opts.timeout, "timeout", 30*time.Second, "longest time for one answer")
	flags.DurationVar(&opts.settle, "settle", 2*time.Second, "how soon the log publishes what it has signed")
	if err := flags.Parse(args); err != nil {
		return unchecked(err)
	}
	if opts.url == "" || flags.NArg() != 0 {
		return unchecked(errors.New("needs -url URL"))
	}
	for _, name := range oldFiles {
		data, err := os.ReadFile(name)
		if err != nil {
			return unchecked(err)
		}
		opts.old = append(opts.old, data)
	}
	r, err := check(opts)
	r.write(stdout)
	if err != nil {
		return err
	}
	if r.ok() {
		fmt.Fprintf(stdout, "ok (seed %d)\n", opts.seed)
	}
	return r.err()
}
