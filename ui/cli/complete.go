package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

// shells are those with a completion script.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func (a *app) completionCmd() *cobra.Command {
	c := a.verb("completion", strings.Join(shells, "|"), func(cmd *cobra.Command, args []string) error {
		out := a.std.Out
		switch root := cmd.Root(); args[0] {
		case "bash":
			return root.GenBashCompletionV2(out, true)
		case "zsh":
			return root.GenZshCompletion(out)
		case "fish":
			return root.GenFishCompletion(out, true)
		default:
			return root.GenPowerShellCompletionWithDesc(out)
		}
	})
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 || !slices.Contains(shells, args[0]) {
			return usage{"shell", map[string]any{"known": strings.Join(shells, ", ")}}
		}
		return nil
	}
	c.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return shells, cobra.ShellCompDirectiveNoFileComp
	}
	return c
}

func noCompletion(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completionTime bounds what a person waits for after pressing Tab.
const completionTime = 2 * time.Second

// completeRegistries offers the registries this machine knows, as `list` would
// name them, without those already typed.
func (a *app) completeRegistries(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(a.ctx, completionTime)
	defer cancel()
	m, err := a.machine()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	known, err := m.Registries(ctx, platform.ListOptions{})
	if err != nil && len(known) == 0 {
		return nil, cobra.ShellCompDirectiveError
	}
	var out []string
	for _, k := range known {
		name := k.Registry.String()
		if strings.HasPrefix(name, typed) && !slices.Contains(args, name) {
			out = append(out, name)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeParties completes the last element of a comma-separated list.
func (a *app) completeParties(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	i := strings.LastIndexByte(typed, ',') + 1
	taken := strings.Split(typed[:i], ",")
	var out []string
	for _, p := range append(trust.Parties(), trust.Party("all")) {
		if name := string(p); strings.HasPrefix(name, typed[i:]) && !slices.Contains(taken, name) {
			out = append(out, typed[:i]+name)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeReceipts offers what can be undone.
func (a *app) completeReceipts(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(a.ctx, completionTime)
	defer cancel()
	m, err := a.machine()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	receipts, err := m.History(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var out []string
	for _, r := range receipts {
		if r.State == trust.ReceiptApplied && strings.HasPrefix(r.ID, typed) {
			out = append(out, r.ID+"\t"+strings.Join(r.Registries, " "))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
