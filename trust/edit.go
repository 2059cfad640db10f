package trust

// Edit is one value of a structured file that a change sets or removes. It holds
// no secret: what is set is none, and what is removed and may be one is not in it.
type Edit struct {
	// Key names the value: the names of the members that lead to it, outermost
	// first.
	Key []string `json:"key"`
	// Value is the text to be set; nil removes what is there.
	Value *string `json:"value,omitempty"`
	// Was is the text that is replaced or removed, nil for none and for a secret.
	Was *string `json:"was,omitempty"`
	// Secret: what is replaced or removed may be one. Before-images have a hole in
	// its place, and taking the edit back needs it from where it went.
	Secret bool `json:"secret,omitempty"`
	// Prune is how many of the objects around the value go with it when it leaves
	// them empty: when it is removed, or when setting it is taken back.
	Prune int `json:"prune,omitempty"`
}

// SetValue is the edit that sets the value at key.
func SetValue(value string, key ...string) Edit { return Edit{Key: key, Value: &value} }

// RemoveValue is the edit that removes the value at key.
func RemoveValue(key ...string) Edit { return Edit{Key: key} }
