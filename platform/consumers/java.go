package consumers

import (
	"context"
	"crypto/x509"
	"strings"

	"mooring.dev/mooring/platform/javahome"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/javastore"
)

// java is the programs that run on a Java runtime and take its own anchors: build
// tools, IDEs, scanners. Each runtime is a consumer.
//
// It is judged in Go's dialect. Java refuses more (jdk.certpath.disabledAlgorithms:
// RSA below 1024 bits, and SHA-1 only below its own public roots), of which nothing
// stands in the way of a private CA that Go accepts.
type java struct{}

// Party implements Reader.
func (java) Party() trust.Party { return trust.Java }

// Consumers implements Reader.
func (java) Consumers(_ context.Context, w world.World) []trust.Consumer {
	var out []trust.Consumer
	for _, h := range javahome.Find(w) {
		out = append(out, trust.Consumer{Party: trust.Java, Instance: h.Dir, Operation: trust.OpConnect, Installed: true, Version: h.Version})
	}
	if len(out) == 0 {
		out = append(out, trust.Consumer{Party: trust.Java, Instance: "java", Operation: trust.OpConnect, Installed: installed(w, "java")})
	}
	return out
}

// Policy implements Reader.
func (java) Policy(w world.World, c trust.Consumer, q Query) trust.Policy {
	homes := memo(w.FS, "java homes", func() []javahome.Home { return javahome.Find(w) })
	for _, h := range homes {
		if h.Dir == c.Instance {
			return javaPolicy(w, c, q, h)
		}
	}
	// As a package of the distribution would read it, from the store of the system.
	// Elsewhere each runtime brings certificates of its own.
	r := begin(w, c, q.System)
	switch {
	case w.OS != "linux":
		r.system = nil
		r.unknown("no Java runtime was found, and each brings certificates of its own")
	case c.Installed:
		r.unknown("where this runtime keeps its certificates was not found; JAVA_HOME would tell")
	}
	return r.done()
}

func javaPolicy(w world.World, c trust.Consumer, q Query, h javahome.Home) trust.Policy {
	r := begin(w, c, nil)
	if name := otherTrustStore(w); name != "" {
		r.unknown(name + " names another trust store")
	}
	s := memo(w.FS, "java "+h.Cacerts, func() keystore { return readKeystore(w, h.Cacerts, q.System) })
	r.look(h.Cacerts, s.why == "")
	r.unknown(s.why)
	shift := q.Shift.of(trust.NewStoreID(trust.StoreJava, h.Cacerts))
	if h.Derived {
		shift = q.Shift.ofSystem() // the hook brings the same there
	}
	r.policy.System = s.anchors
	if len(shift.Added)+len(shift.Gone) > 0 {
		r.policy.System = trust.NewAnchorSet(shift.on(s.anchors.All()))
	}
	return r.done()
}

// Place implements Reader: a keystore holds for every server.
func (java) Place(world.World, trust.Consumer, trust.Registry) (Place, bool) {
	return Place{}, false
}

// otherTrustStore is the variable by which this session gives every runtime another
// file, "" if none does.
func otherTrustStore(w world.World) string {
	for _, name := range []string{"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"} {
		if strings.Contains(w.Getenv(name), "-Djavax.net.ssl.trustStore") {
			return name
		}
	}
	return ""
}

// keystore is what one file holds.
type keystore struct {
	anchors *trust.AnchorSet
	why     string // it cannot be read
}

// readKeystore takes certificates that the store of the system has, too, from there:
// they are parsed already.
func readKeystore(w world.World, path string, store *SystemStore) keystore {
	data, err := w.FS.ReadFile(path)
	if err != nil {
		return keystore{why: path + ": " + cause(err)}
	}
	file, err := javastore.Parse(data)
	if err != nil {
		return keystore{why: path + ": " + err.Error()}
	}
	parsed := map[trust.Fingerprint]*x509.Certificate{}
	if store != nil {
		for _, a := range store.Anchors.All() {
			parsed[a.Fingerprint()] = a.Cert
		}
	}
	source := trust.StoreSource(trust.NewStoreID(trust.StoreJava, path))
	var out []trust.Anchor
	for _, e := range file.Trusted {
		cert := parsed[fingerprintOf(e.DER)]
		if cert == nil {
			if cert, err = x509.ParseCertificate(e.DER); err != nil {
				continue // neither can anybody verify with it here
			}
		}
		out = append(out, trust.Anchor{Cert: cert, Source: source})
	}
	return keystore{anchors: trust.NewAnchorSet(out)}
}
