package trust

import "strings"

// StoreID names a trust store of which certificates are members, rather than files
// that Mooring writes: "KIND:NAME", for instance `windows:CurrentUser\Root`,
// "keychain:user", "nss:/home/alice/.pki/nssdb", "java:/usr/lib/jvm/…/cacerts",
// "wsl:Ubuntu". What NAME means, the kind decides.
type StoreID string

// The kinds of store.
const (
	StoreWindows       = "windows"        // NAME: location and store, `LocalMachine\Root`
	StoreKeychain      = "keychain"       // NAME: the domain of the trust settings, "user" or "admin"
	StoreNSS           = "nss"            // NAME: the directory of the database
	StoreJava          = "java"           // NAME: the path of the cacerts file
	StoreWSL           = "wsl"            // NAME: the distribution
	StorePodmanMachine = "podman-machine" // NAME: the machine
)

// NewStoreID is the id of a store of a kind.
func NewStoreID(kind, name string) StoreID { return StoreID(kind + ":" + name) }

// Kind is what comes before the first colon.
func (s StoreID) Kind() string {
	kind, _, _ := strings.Cut(string(s), ":")
	return kind
}

// Name is what comes after the first colon.
func (s StoreID) Name() string {
	_, name, _ := strings.Cut(string(s), ":")
	return name
}

// Membership is how a store holds one certificate. The zero value: not at all.
type Membership struct {
	Held bool `json:"held"`
	// Settings is what the store says of the certificate besides, in one canonical
	// spelling of the kind's own: the flags of NSS ("C,,"), the trust settings of
	// macOS. It is "" where being held is all there is.
	Settings string `json:"settings,omitempty"`
}

// Location is whose programs an OS trust store counts for. Systems with one store
// for all know LocationComputer only.
type Location string

// The locations, narrow first.
const (
	LocationUser     Location = "user"     // programs of this person
	LocationComputer Location = "computer" // every program, services among them
)
