package keychaintest

import "crypto/x509"

// verifyCert is verify_cert.c for chains in files.
func (r *run) verifyCert(args []string) int {
	if len(args) == 0 {
		return usage
	}
	// -n takes a name only if the next word is none of the options.
	var named string
	for i := 0; i+1 < len(args); i++ {
		if args[i] == "-n" && args[i+1] != "" && args[i+1][0] != '-' {
			named = args[i+1]
			args = append(append([]string{}, args[:i]...), args[i+2:]...)
			break
		}
	}
	opts, rest, ok := getopt("Cc:r:p:k:e:s:d:LlNnPqR:tv", args)
	if !ok {
		return usage
	}
	policy, quiet := "basic", false
	var certs []*x509.Certificate
	for _, o := range opts {
		switch o.letter {
		case 'c':
			c := r.readCert(o.arg)
			if c == nil {
				return 1
			}
			certs = append(certs, c)
		case 'p':
			if _, known := policies[o.arg]; !known {
				return usage
			}
			policy = o.arg
		case 's':
			named = o.arg
		case 'q':
			quiet = true
		}
	}
	if len(rest) > 0 { // a URL, whose server would be asked
		return 1
	}
	if len(certs) == 0 {
		r.eprintf("***No certs specified.\n")
		return usage
	}
	if !r.verifies(certs, policy, named) {
		if !quiet {
			r.cssmPerror("Cert Verify Result", -2147409622)
		}
		return 1
	}
	if !quiet {
		r.printf("...certificate verification successful.\n")
	}
	return 0
}

// verifies builds a path to what is trusted for the policy and the name.
func (r *run) verifies(certs []*x509.Certificate, policy, name string) bool {
	opts := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	if policy == "ssl" {
		opts.DNSName, opts.KeyUsages = name, nil
	}
	for _, c := range certs[1:] {
		opts.Intermediates.AddCert(c)
	}
	for _, held := range r.state.Keychains {
		for _, der := range held {
			c, err := x509.ParseCertificate(der)
			if err != nil {
				continue
			}
			switch r.trusted(c, policy, name) {
			case 1:
				opts.Roots.AddCert(c)
			case 0:
				opts.Intermediates.AddCert(c)
			}
		}
	}
	chains, err := certs[0].Verify(opts)
	for _, chain := range chains {
		denied := false
		for _, c := range chain {
			denied = denied || r.trusted(c, policy, name) < 0
		}
		if !denied {
			return err == nil
		}
	}
	return false
}
