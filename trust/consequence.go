package trust

// Consequence is what carrying out a plan means besides its changes.
type Consequence struct {
	Code ConsequenceCode `json:"code"`
	Path string          `json:"path,omitempty"` // the file it is about, if any
	// Registry and Name are what else it is about: the name of a credential helper.
	Registry string `json:"registry,omitempty"`
	Name     string `json:"name,omitempty"`
}

// ConsequenceCode names a consequence; its words are under "consequence.<code>".
type ConsequenceCode string

// The consequences of installing a client certificate.
const (
	KeyDecrypted    ConsequenceCode = "decrypted"     // a key that had a passphrase will lie without
	PairsInTheWay   ConsequenceCode = "shadow"        // other pairs would be shown instead, and are moved aside
	ManifestStops   ConsequenceCode = "manifest"      // docker's command line itself may not read the key
	OwnDirectory    ConsequenceCode = "own-directory" // a directory of the person's own now hides others
	HostsTOMLToEdit ConsequenceCode = "hosts-toml"    // the person has to name the pair in Path
)

// ClientStays is a consequence of ceasing to trust: the client certificate in Path
// is left where it is.
const ClientStays ConsequenceCode = "client-stays"

// The consequences of letting tools use a sign-in.
const (
	// StoreKept: the helper Name is written as the default store. Docker would have
	// picked it itself as long as its file named no helper at all.
	StoreKept      ConsequenceCode = "default-store"
	PlaintextStays ConsequenceCode = "plaintext-stays" // other logins go on lying in plain text in Path
	PasswordStays  ConsequenceCode = "password-stays"  // one for Registry lies in plain text in Path, and stays
	PodmanLogin    ConsequenceCode = "podman-login"    // it writes into Path, which podman reads first
	EarlierFile    ConsequenceCode = "earlier-file"    // podman reads Path first, and what that says wins
	DockerServes   ConsequenceCode = "docker-serves"   // podman reads docker's Path, too
	NothingKept    ConsequenceCode = "nothing-kept"    // no sign-in to Registry is kept yet
	VariableWins   ConsequenceCode = "variable-wins"   // docker reads the variable Path first
	NotMovable     ConsequenceCode = "not-movable"     // a password lies in Path under Name that is not moved: no tool uses it for the whole of Registry
	OtherNames     ConsequenceCode = "other-names"     // Path has more names (hard links), under which the password stays
	TokenStays     ConsequenceCode = "token-stays"     // a token for some of Registry's content stays in Path
)

// What to know of the stores of Windows.
const (
	WindowsAsks     ConsequenceCode = "windows-asks"     // it asks itself, when adding and when removing
	WindowsOwn      ConsequenceCode = "windows-own"      // services do not see the person's store
	WindowsServices ConsequenceCode = "windows-services" // everybody and every service sees the computer's
)

// The consequences of changing the trust settings of macOS: what it asks besides.
const (
	MacAsksPerson ConsequenceCode = "mac-asks-person" // for the person's password or Touch ID
	MacAsksAdmin  ConsequenceCode = "mac-asks-admin"  // for an administrator, even of root
)

// What to know of the stores of browsers and of Java.
const (
	NSSRunning   ConsequenceCode = "nss-running"    // a browser that runs reads its database when it starts
	NSSNeedsTool ConsequenceCode = "nss-needs-tool" // certutil is not installed
	JavaRunning  ConsequenceCode = "java-running"   // a program that runs has read its keystore already
)

// The consequences of changing the stores of machines inside this one, called Name.
const (
	GuestStore   ConsequenceCode = "guest-store"   // a distribution of WSL
	GuestMachine ConsequenceCode = "guest-machine" // a virtual machine of podman's
)

// What the system asks before Mooring gets an administrator's rights, where it says
// no more than the name of what gets them.
const (
	UACAsks       ConsequenceCode = "uac-asks"        // Windows, for the program that it calls Name
	MacAsksHelper ConsequenceCode = "mac-asks-helper" // macOS, for the name and password of an administrator
)

// Consequences lists the codes.
func Consequences() []ConsequenceCode {
	return []ConsequenceCode{
		LeftMixed, LeftKey, LeftOther, LeftLink, LeftNamed, LeftPackaged, LeftPlace, LeftShared, LeftStore,
		StoreLoses, OthersLose, OthersUnasked,
		KeyDecrypted, PairsInTheWay, ManifestStops, OwnDirectory, HostsTOMLToEdit, ClientStays,
		StoreKept, PlaintextStays, PasswordStays, PodmanLogin, EarlierFile, DockerServes, NothingKept, VariableWins,
		NotMovable, OtherNames, TokenStays,
		WindowsAsks, WindowsOwn, WindowsServices, MacAsksPerson, MacAsksAdmin, UACAsks, MacAsksHelper,
		NSSRunning, NSSNeedsTool, JavaRunning,
		GuestStore, GuestMachine,
	}
}
