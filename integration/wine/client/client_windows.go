// Command client is some program of Windows that is not Mooring. It makes a TLS
// connection to each address, trusting whom Windows trusts, and says how that went; then
// it lists what the stores of roots hold. Each connection has a process of its own:
// wine's verifier remembers for as long as a process runs what it saw of a name.
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "to" {
		fmt.Print(connect(os.Args[2]))
		return
	}
	for _, address := range os.Args[1:] {
		word, err := exec.Command(os.Args[0], "to", address).Output()
		if err != nil {
			fmt.Println(err)
		}
		fmt.Printf("%s %s\n", address, word)
	}
	list("CurrentUser", windows.CERT_SYSTEM_STORE_CURRENT_USER)
	list("LocalMachine", windows.CERT_SYSTEM_STORE_LOCAL_MACHINE)
}

func connect(address string) string {
	conn, err := tls.Dial("tcp", address, nil)
	if err != nil {
		return "refused: " + err.Error()
	}
	_ = conn.Close()
	return "trusted"
}

func list(location string, flags uint32) {
	root, _ := windows.UTF16PtrFromString("Root")
	store, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM_REGISTRY_W, 0, 0, flags, uintptr(unsafe.Pointer(root)))
	if err != nil {
		fmt.Println(location, err)
		return
	}
	defer func() { _ = windows.CertCloseStore(store, 0) }()
	for c, _ := windows.CertEnumCertificatesInStore(store, nil); c != nil; c, _ = windows.CertEnumCertificatesInStore(store, c) {
		fmt.Printf("%s %x\n", location, sha256.Sum256(unsafe.Slice(c.EncodedCert, c.Length)))
	}
}
