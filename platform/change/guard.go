package change

import "io/fs"

// open opens the deepest existing directory on the way to dirPath, and returns the
// names that are missing below it. Once it is open the guard has its say: before,
// there may be another.
func (t tree) open(dirPath string) (*dir, []string, error) {
	d, missing, err := t.reach(dirPath)
	if err != nil {
		return nil, nil, err
	}
	if err := t.judge(d); err != nil {
		return nil, nil, err
	}
	return d, missing, nil
}

// mkdir makes a directory in d and opens it; made is false if it was there. What has
// appeared since d was opened may be anybody's.
func (t tree) mkdir(d *dir, name string, mode fs.FileMode) (child *dir, made bool, err error) {
	child, made, err = d.mkdir(name, mode)
	if err == nil {
		err = t.judge(child)
	}
	return child, made, err
}

// judge closes a directory that the guard refuses.
func (t tree) judge(d *dir) error {
	if t.guard == nil {
		return nil
	}
	err := t.guard(d.path)
	if err != nil {
		d.close()
	}
	return err
}
