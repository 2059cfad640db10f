//go:build windows && mooring_wine

package helper

// On wine, which tests run on, there is one user, whom every file belongs to and whose
// process has an administrator's rights. Who that is wine tells its cryptography by a
// variable. No build that is given to anybody has this.
func init() {
	administrators = append(administrators, "S-1-5-21-0-0-0-1000")
	kept = append(kept, "WINEUSERNAME")
}
