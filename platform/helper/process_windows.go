package helper

import (
	"os"

	"golang.org/x/sys/windows"

	"mooring.dev/mooring/platform/change"
)

// kept are variables that stay. On Windows there are none.
var kept []string

// harden makes sure that this process has an administrator's rights, was started from
// a file that only administrators can change, and carries nothing of its caller's. It
// returns that file: Windows knows it, while the name that a program is given is its
// caller's choice.
func harden() (self string, err error) {
	// No library is looked for beside the program or in the current directory.
	if err := windows.SetDefaultDllDirectories(windows.LOAD_LIBRARY_SEARCH_SYSTEM32); err != nil {
		return "", err
	}
	if !windows.GetCurrentProcessToken().IsElevated() {
		return "", change.Refuse(change.ErrNoRights, "", "not started as administrator")
	}
	system, err := windows.GetSystemDirectory()
	if err != nil {
		return "", err
	}
	root, err := windows.GetSystemWindowsDirectory()
	if err != nil {
		return "", err
	}
	now := [][2]string{{"SystemRoot", root}, {"PATH", system}, {"TEMP", root + `\Temp`}, {"TMP", root + `\Temp`}}
	for _, name := range kept {
		now = append(now, [2]string{name, os.Getenv(name)})
	}
	os.Clearenv()
	for _, kv := range now {
		if err := os.Setenv(kv[0], kv[1]); err != nil {
			return "", err
		}
	}
	if err := os.Chdir(system); err != nil {
		return "", err
	}
	self, err = os.Executable() // GetModuleFileName
	if err != nil {
		return "", change.Refuse(change.ErrHelperUnsafe, "", "%v", err)
	}
	return self, CheckInstalled(self)
}
