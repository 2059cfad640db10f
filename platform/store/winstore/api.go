package winstore

// api is the calls of Windows that this package makes (crypt32), and what it asks of
// the system besides. Errors are of type syscall.Errno, with Windows' numbers.
type api interface {
	// open opens one store by itself, without those it inherits from.
	open(p place, write bool) (handle, error)
	// close writes out what was changed, and reports what keeps it from that.
	close(s handle) error
	// commit writes out what was changed.
	commit(s handle) error
	// next returns the certificate after prev, which it frees, or the first for nil.
	// After the last comes CRYPT_E_NOT_FOUND. A store must not be changed while it is
	// gone through.
	next(s handle, prev certificate) (certificate, error)
	// add puts a certificate into a store, whatever it holds already.
	add(s handle, der []byte) error
	// remove takes a certificate out of its store, and frees it.
	remove(c certificate) error
	duplicate(c certificate) certificate
	free(c certificate)
	// encoded is the whole certificate, good until it is freed.
	encoded(c certificate) []byte
	// serves reports whether the purposes that Windows keeps beside the certificate,
	// and those in it, let it vouch for TLS servers.
	serves(c certificate) bool

	// elevated reports whether this process may change the computer's stores.
	elevated() bool
	// personOff reports whether a policy keeps Windows from using the roots of
	// single persons.
	personOff() bool
}

// handle is an open store, certificate one of its members. Both are freed by whoever
// got them.
type (
	handle      any
	certificate any
)

// member is one certificate of a store.
type member struct {
	der    []byte
	serves bool
}

// members lists what a store holds. One that does not exist holds nothing.
func members(a api, p place) (out []member, found bool, err error) {
	s, err := a.open(p, false)
	if absent(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if cerr := a.close(s); err == nil {
			err = cerr
		}
	}()
	err = each(a, s, func(c certificate) {
		out = append(out, member{der: append([]byte(nil), a.encoded(c)...), serves: a.serves(c)})
	})
	return out, true, err
}

// each goes through an open store. What it shows is freed right after.
func each(a api, s handle, show func(certificate)) error {
	for c, n := certificate(nil), 0; ; n++ {
		var err error
		if c, err = a.next(s, c); atEnd(err) {
			return nil
		} else if err != nil {
			return err
		}
		if n == maxMembers {
			a.free(c)
			return errTooMany
		}
		show(c)
	}
}
