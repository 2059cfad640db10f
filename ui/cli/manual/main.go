// Manual makes the page mooring(1): it copies standard input to standard output,
// with the verbs and flags of the command line in place of the line @commands@, and
// the version in place of @version@.
//
//	go run ./ui/cli/manual VERSION <assets/man/mooring.1.in >mooring.1
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"mooring.dev/mooring/ui/cli"
)

func main() {
	if err := page(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(1)
	}
}

func page(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: manual VERSION <mooring.1.in")
	}
	frame, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	before, after, found := strings.Cut(string(frame), "@commands@\n")
	if !found {
		return errors.New("there is no line @commands@ in the input")
	}
	var commands strings.Builder
	if err := cli.Manual(&commands); err != nil {
		return err
	}
	_, err = io.WriteString(out, strings.ReplaceAll(before+commands.String()+after, "@version@", args[0]))
	return err
}
