package cli

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mooring.dev/mooring/ui/words"
)

// languageFlag finds --lang before the flags are parsed: the help texts are made
// in that language.
func languageFlag(args []string) string {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if v, ok := strings.CutPrefix(arg, "--lang="); ok {
			return v
		}
		if arg == "--lang" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// root is the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "mooring", Short: a.t("about", nil), Long: a.t("about", nil) + "\n\n" + a.t("about.exit", nil),
		Version: a.wiring.Version, SilenceErrors: true, SilenceUsage: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && openable(args[0]) {
				return nil
			}
			return a.none(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.open(args[0])
			}
			if a.wiring.Window == nil {
				return cmd.Help()
			}
			return a.wiring.Window(a.ctx, a.globals)
		},
	}
	root.SetIn(a.std.In)
	root.SetOut(a.std.Out)
	root.SetErr(a.std.Err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	root.SetVersionTemplate("mooring {{.Version}}\n")
	a.help(root)
	f := root.PersistentFlags()
	f.SortFlags = false
	f.StringVar(&a.globals.Root, "root", "", a.t("flag.root", nil))
	f.StringVar(&a.globals.OS, "os", "", a.t("flag.os", nil))
	f.StringVar(&a.globals.Lang, "lang", "", a.t("flag.lang", nil))
	f.BoolVar(&a.globals.NoColor, "no-color", false, a.t("flag.no-color", nil))
	root.AddCommand(
		a.listCmd(), a.addCmd(), a.removeCmd(), a.scopeCmd(), a.checkCmd(),
		a.openCmd(), a.linkCmd(), a.trustCmd(), a.untrustCmd(), a.undoCmd(), a.restartCmd(), a.historyCmd(), a.trayCmd(),
		a.loginCmd(), a.logoutCmd(), a.clientCertCmd(), a.catalogCmd(), a.doctorCmd(), a.demoCmd(), a.completionCmd())
	return root
}

// verb makes a command. Its sentences are under "cli.<name>" and "cli.<name>.long".
func (a *app) verb(name, args string, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	use := name
	if args != "" {
		use += " " + args
	}
	return &cobra.Command{
		Use: use, Short: a.t(name, nil), Long: a.t(name+".long", nil), RunE: run,
		DisableFlagsInUseLine: true, ValidArgsFunction: noCompletion,
	}
}

// answers gives a verb the flag --json.
func (a *app) answers(c *cobra.Command) *cobra.Command {
	c.Flags().SortFlags = false
	c.Flags().BoolVar(&a.json, "json", false, a.t("flag.json", nil))
	return c
}

// help replaces cobra's English scaffolding.
func (a *app) help(root *cobra.Command) {
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true})
	root.CompletionOptions.DisableDefaultCmd = true
	root.PersistentFlags().BoolP("help", "h", false, a.t("flag.help", nil))
	root.Flags().Bool("version", false, a.t("flag.version", nil))
	root.SetUsageTemplate(strings.NewReplacer(
		"@usage", a.t("help.usage", nil), "@verbs", a.t("help.verbs", nil), "@flags", a.t("help.flags", nil),
		"@global", a.t("help.global", nil), "@more", a.t("help.more", nil)).Replace(usageTemplate))
	root.SetHelpTemplate("{{.Long}}\n\n{{.UsageString}}")
}

const usageTemplate = `@usage
  {{.UseLine}}{{if .HasAvailableSubCommands}}

@verbs{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

@flags
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

@global
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

@more{{end}}
`

// flagError turns pflag's errors into ours.
func flagError(err error) error {
	var unknown *pflag.NotExistError
	var needs *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := "--" + unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			name = "-" + unknown.GetSpecifiedName()
		}
		return usage{"flag-unknown", map[string]any{"flag": name}}
	case errors.As(err, &needs):
		return usage{"flag-value", map[string]any{"flag": "--" + needs.GetFlag().Name}}
	case errors.As(err, &invalid):
		return usage{"flag-invalid", map[string]any{"flag": "--" + invalid.GetFlag().Name, "value": invalid.GetValue()}}
	}
	return usage{"flag-syntax", map[string]any{"text": err.Error()}}
}

// none, some and exactly check the number of arguments with our own sentences.
func (a *app) none(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasParent() {
		return usage{"verb-unknown", map[string]any{"verb": args[0]}}
	}
	return usage{"no-arguments", map[string]any{"text": args[0]}}
}

func some(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage{key: "registry-missing"}
	}
	return nil
}

func isDirectory(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.IsDir()
}

// checkGlobals refuses global flags that make no sense.
func (a *app) checkGlobals() error {
	g := a.globals
	switch {
	case g.OS != "" && !slices.Contains([]string{"linux", "windows", "darwin"}, g.OS):
		return usage{"os", map[string]any{"os": g.OS}}
	case g.OS != "" && g.OS != runtime.GOOS && g.Root == "":
		return usage{key: "os-root"}
	case g.Root != "" && !isDirectory(g.Root):
		return usage{"root", map[string]any{"path": g.Root}}
	case g.Lang != "" && !words.Known(g.Lang):
		return usage{"lang", map[string]any{"lang": g.Lang, "known": strings.Join(words.Languages(), ", ")}}
	}
	return nil
}
