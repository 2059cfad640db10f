//go:build !unix && !windows

package platform

// mayWrite: without a question that can be asked, the answer is to ask for
// rights.
func mayWrite(string) bool { return false }
