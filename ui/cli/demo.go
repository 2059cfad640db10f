package cli

import "github.com/spf13/cobra"

func (a *app) demoCmd() *cobra.Command {
	c := a.verb("demo", "", func(*cobra.Command, []string) error { return nil })
	c.Args = a.none
	return c
}
