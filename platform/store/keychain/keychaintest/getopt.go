package keychaintest

import "strings"

// option is one option with its argument.
type option struct {
	letter byte
	arg    string
}

// getopt is that of BSD: it stops at the first operand, and takes the argument of
// an option from the rest of its word or from the next.
func getopt(spec string, args []string) (opts []option, rest []string, ok bool) {
	for len(args) > 0 {
		word := args[0]
		if word == "--" {
			return opts, args[1:], true
		}
		if len(word) < 2 || word[0] != '-' {
			return opts, args, true
		}
		args = args[1:]
		for i := 1; i < len(word); i++ {
			at := strings.IndexByte(spec, word[i])
			if word[i] == ':' || at < 0 {
				return nil, nil, false
			}
			if at+1 == len(spec) || spec[at+1] != ':' {
				opts = append(opts, option{word[i], ""})
				continue
			}
			o := option{word[i], word[i+1:]}
			if o.arg == "" {
				if len(args) == 0 {
					return nil, nil, false
				}
				o.arg, args = args[0], args[1:]
			}
			opts = append(opts, o)
			break
		}
	}
	return opts, nil, true
}
