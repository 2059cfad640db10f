//go:build integration

// Command upstream does what smallstep/truststore does, for the tests that compare
// Mooring with it: docs/truststore.md says nothing of it that they do not see.
//
//	upstream table                    the file name and command that it has chosen here
//	upstream install|uninstall|exists nss|java|system FILE
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/smallstep/truststore"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if args[0] == "table" {
		fmt.Println(truststore.SystemTrustFilename)
		fmt.Println(strings.Join(truststore.SystemTrustCommand, " "))
		return nil
	}
	verb, which, file := args[0], args[1], args[2]
	if verb == "exists" {
		return exists(which, file)
	}
	options := map[string][]truststore.Option{
		"nss":  {truststore.WithFirefox(), truststore.WithNoSystem()},
		"java": {truststore.WithJava(), truststore.WithNoSystem()},
	}[which]
	if verb == "install" {
		return truststore.InstallFile(file, options...)
	}
	return truststore.UninstallFile(file, options...)
}

func exists(which, file string) error {
	cert, err := truststore.ReadCertificate(file)
	if err != nil {
		return err
	}
	var t truststore.Trust
	if which == "java" {
		t, err = truststore.NewJavaTrust()
	} else {
		t, err = truststore.NewNSSTrust()
	}
	if err != nil {
		return err
	}
	fmt.Println(t.Exists(cert))
	return nil
}
