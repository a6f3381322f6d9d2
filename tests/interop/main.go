// Command interop checks a Stele log with code that is not Stele's.
//
// It is written from the public specifications (RFC 6962 and the C2SP documents
// tlog-tiles, tlog-checkpoint, signed-note and tlog-proof) and does its
// cryptography with implementations that others keep: golang.org/x/mod/sumdb and
// github.com/transparency-dev/merkle. README.md says what each subcommand covers.
//
// Exit codes: 0 everything checked out, 1 something did not, 2 it could not be checked.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

const usage = `usage: interop COMMAND [FLAGS]

  check    -url URL [-key VKEY] [-old FILE]… [-seed N] [-samples N] [-all N]
           download and verify a whole log, and test its proofs
  receipt  -file FILE [-entries FILE] [-key VKEY]
           verify a receipt against its leaves or entries
  vectors  -out FILE
           write the test vectors
  selftest [-v]
           run the checks against a small honest log and against tampered ones
`

const (
	exitOK        = 0
	exitDamage    = 1
	exitUnchecked = 2
)

// errUnchecked marks a failure to look (no connection, no such file), as opposed
// to having looked and found damage.
var errUnchecked = errors.New("could not check")

func unchecked(err error) error { return fmt.Errorf("%w: %v", errUnchecked, err) }

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	commands := map[string]func([]string, io.Writer) error{
		"check":    checkCommand,
		"receipt":  receiptCommand,
		"vectors":  vectorsCommand,
		"selftest": selftestCommand,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(stderr, usage)
		return exitUnchecked
	}
	err := commands[args[0]](args[1:], stdout)
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "interop %s: %v\n", args[0], err)
	if errors.Is(err, errUnchecked) {
		return exitUnchecked
	}
	return exitDamage
}
