//go:build !windows

package winstore

import "syscall"

// native: there is no Windows here, and [Kind.Find] lists nothing that would come to
// one of these calls.
func native() api { return none{} }

type none struct{}

func (none) open(place, bool) (handle, error)              { return nil, syscall.ENOSYS }
func (none) close(handle) error                            { return syscall.ENOSYS }
func (none) commit(handle) error                           { return syscall.ENOSYS }
func (none) next(handle, certificate) (certificate, error) { return nil, syscall.ENOSYS }
func (none) add(handle, []byte) error                      { return syscall.ENOSYS }
func (none) remove(certificate) error                      { return syscall.ENOSYS }
func (none) duplicate(c certificate) certificate           { return c }
func (none) free(certificate)                              {}
func (none) encoded(certificate) []byte                    { return nil }
func (none) serves(certificate) bool                       { return false }
func (none) elevated() bool                                { return false }
func (none) personOff() bool                               { return false }
