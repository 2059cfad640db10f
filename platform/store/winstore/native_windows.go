package winstore

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

func native() api { return crypt32{} }

// crypt32 is the real calls.
type crypt32 struct{}

// What golang.org/x/sys lacks.
var (
	library       = windows.NewLazySystemDLL("crypt32.dll")
	controlStore  = library.NewProc("CertControlStore")
	enhancedUsage = library.NewProc("CertGetEnhancedKeyUsage")
)

const controlCommit = 3 // CERT_STORE_CTRL_COMMIT

var locations = map[location]uint32{
	person:         windows.CERT_SYSTEM_STORE_CURRENT_USER,
	personPolicy:   windows.CERT_SYSTEM_STORE_CURRENT_USER_GROUP_POLICY,
	computer:       windows.CERT_SYSTEM_STORE_LOCAL_MACHINE,
	computerPolicy: windows.CERT_SYSTEM_STORE_LOCAL_MACHINE_GROUP_POLICY,
	enterprise:     windows.CERT_SYSTEM_STORE_LOCAL_MACHINE_ENTERPRISE,
}

func (crypt32) open(p place, write bool) (handle, error) {
	name, err := windows.UTF16PtrFromString(p.store)
	if err != nil {
		return nil, err
	}
	flags := locations[p.location]
	if !write {
		flags |= windows.CERT_STORE_READONLY_FLAG | windows.CERT_STORE_OPEN_EXISTING_FLAG
	}
	s, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM_REGISTRY_W, 0, 0, flags, uintptr(unsafe.Pointer(name)))
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (crypt32) close(s handle) error { return windows.CertCloseStore(s.(windows.Handle), 0) }

func (crypt32) commit(s handle) error {
	ok, _, err := controlStore.Call(uintptr(s.(windows.Handle)), 0, controlCommit, 0)
	if ok == 0 {
		return err
	}
	return nil
}

func (crypt32) next(s handle, prev certificate) (certificate, error) {
	before, _ := prev.(*windows.CertContext)
	c, err := windows.CertEnumCertificatesInStore(s.(windows.Handle), before)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// add adds without looking whether a certificate of the same issuer and serial number
// is there (CERT_STORE_ADD_ALWAYS): that may be another one. The context that stands
// for the new member is not asked for, as wine would lose the member with it.
func (crypt32) add(s handle, der []byte) error {
	c, err := windows.CertCreateCertificateContext(windows.X509_ASN_ENCODING, &der[0], uint32(len(der)))
	if err != nil {
		return err
	}
	err = windows.CertAddCertificateContextToStore(s.(windows.Handle), c, windows.CERT_STORE_ADD_ALWAYS, nil)
	return errors.Join(err, windows.CertFreeCertificateContext(c))
}

func (crypt32) remove(c certificate) error {
	return windows.CertDeleteCertificateFromStore(c.(*windows.CertContext))
}

func (crypt32) duplicate(c certificate) certificate {
	return windows.CertDuplicateCertificateContext(c.(*windows.CertContext))
}

func (crypt32) free(c certificate) { _ = windows.CertFreeCertificateContext(c.(*windows.CertContext)) }

func (crypt32) encoded(c certificate) []byte {
	ctx := c.(*windows.CertContext)
	return unsafe.Slice(ctx.EncodedCert, ctx.Length)
}

// serves asks for what is both in the certificate's extension and in the property
// that Windows keeps beside it; an empty list means every purpose when it comes with
// CRYPT_E_NOT_FOUND, and none otherwise (CertGetEnhancedKeyUsage, "Remarks"). When in
// doubt the answer is no.
func (crypt32) serves(c certificate) bool {
	ctx := uintptr(unsafe.Pointer(c.(*windows.CertContext)))
	var size uint32
	if ok, _, _ := enhancedUsage.Call(ctx, 0, 0, uintptr(unsafe.Pointer(&size))); ok == 0 || size < uint32(unsafe.Sizeof(windows.CertEnhKeyUsage{})) {
		return false
	}
	buffer := make([]uint64, (size+7)/8) // aligned as the structure is
	usage := (*windows.CertEnhKeyUsage)(unsafe.Pointer(&buffer[0]))
	ok, _, err := enhancedUsage.Call(ctx, 0, uintptr(unsafe.Pointer(usage)), uintptr(unsafe.Pointer(&size)))
	if ok == 0 {
		return false
	}
	if usage.Length == 0 {
		return errors.Is(err, cryptNotFound)
	}
	for _, oid := range unsafe.Slice(usage.UsageIdentifiers, usage.Length) {
		switch windows.BytePtrToString(oid) {
		case "1.3.6.1.5.5.7.3.1", "2.5.29.37.0": // serverAuth, any
			return true
		}
	}
	return false
}

func (crypt32) elevated() bool { return windows.GetCurrentProcessToken().IsElevated() }

// personOff reads the policy as wincrypt.h describes it: with
// CERT_PROT_ROOT_DISABLE_CURRENT_USER_FLAG the store of the person is left out of the
// roots.
func (crypt32) personOff() bool {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Policies\Microsoft\SystemCertificates\Root\ProtectedRoots`, registry.QUERY_VALUE)
	if err != nil {
		return false
	}
	defer k.Close()
	flags, _, err := k.GetIntegerValue("Flags")
	return err == nil && flags&1 != 0
}
