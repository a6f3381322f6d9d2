package main

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"
)

// Goal: check accepts honest logs and finds each kind of tampering, for its own reason.
func TestCheckTellsHonestLogsFromTamperedOnes(t *testing.T) {
	for _, s := range scenarios() {
		s := s
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r, err := s.run()
			if err := s.verdict(r, err); err != nil {
				t.Error(err)
			}
		})
	}
}

// Goal: an honest run really checked something of each sort.
func TestCheckCoversEverySortOfResource(t *testing.T) {
	r, err := scenario{size: 700, prepare: func(l *testLog, o *checkOptions) { o.old = [][]byte{l.checkpointAt(300)} }}.run()
	if err != nil || !r.ok() {
		t.Fatal(err, r.problems)
	}
	for name, least := range map[string]int64{
		"entries in the tree":       700,
		"tiles":                     4,
		"entry bundles":             3,
		"inclusion proofs accepted": 1400,
		"inclusion proofs declined, to sizes without a kept checkpoint": 1,
		"consistency proofs accepted":                                   60,
		"older checkpoints found consistent":                            1,
		"older partial tiles served":                                    100,
		"requests for what does not exist refused":                      50,
		"changed proofs and notes rejected":                             10000,
	} {
		if r.counts[name] < least {
			t.Errorf("%s: %d, want at least %d", name, r.counts[name], least)
		}
	}
}

// Goal: a log that grows while it is checked is not an alarm.
func TestCheckAcceptsALogThatGrowsMeanwhile(t *testing.T) {
	l := newTestLog(testOrigin, 300)
	server := httptest.NewServer(l)
	defer server.Close()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				l.grow(3)
			}
		}
	}()
	r, err := check(checkOptions{url: server.URL + "/log/main", seed: 1, samples: 30, timeout: 10 * time.Second})
	close(stop)
	<-stopped
	if err != nil || !r.ok() {
		t.Fatal(err, r.problems)
	}
	if r.counts["newer checkpoints found consistent"] == 0 {
		t.Error("the log did not grow")
	}
}

// Goal: a server that cannot be reached is "could not check", not damage.
func TestCheckSaysThatItCouldNotCheck(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	_, err := check(checkOptions{url: server.URL, timeout: time.Second})
	if !errors.Is(err, errUnchecked) {
		t.Errorf("got %v", err)
	}
}
