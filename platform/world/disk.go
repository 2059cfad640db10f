package world

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	securejoin "github.com/cyphar/filepath-securejoin"
)

// Disk is the real file system, or the tree under Root. With a Root every link,
// absolute ones included, resolves inside it.
type Disk struct{ Root string }

// at is the name by which the running machine knows path, until done is called.
func (d Disk) at(path string, follow bool) (name string, done func(), err error) {
	if d.Root == "" {
		return path, func() {}, nil
	}
	if name, done, err = inRoot(d.Root, InTree(path), follow); err != nil {
		return "", nil, named(err, path)
	}
	return name, done, nil
}

// joined is path below root as the links are now.
func joined(root, path string, follow bool) (name string, done func(), err error) {
	base := ""
	if !follow {
		path, base = filepath.Dir(path), filepath.Base(path)
	}
	name, err = securejoin.SecureJoin(root, path)
	return filepath.Join(name, base), func() {}, err
}

// named is err about path, as the target OS writes it, without the names that the
// running machine has for it.
func named(err error, path string) error {
	var p *fs.PathError
	for cause := err; errors.As(cause, &p); cause = p.Err {
		err = &fs.PathError{Op: p.Op, Path: path, Err: p.Err}
	}
	return err
}

// ReadFile implements FS. Devices and pipes are refused, not read.
func (d Disk) ReadFile(path string) ([]byte, error) {
	p, done, err := d.at(path, true)
	if err != nil {
		return nil, err
	}
	defer done()
	i, err := os.Stat(p)
	if err != nil {
		return nil, named(err, path)
	}
	if !i.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(p)
	if err != nil {
		return nil, named(err, path)
	}
	defer f.Close()
	var b bytes.Buffer
	b.Grow(int(min(i.Size(), MaxFile)) + bytes.MinRead) // one read for most files
	_, err = b.ReadFrom(io.LimitReader(f, MaxFile+1))
	if err == nil && b.Len() > MaxFile {
		return nil, &fs.PathError{Op: "read", Path: path, Err: ErrTooLarge}
	}
	return b.Bytes(), err
}

// ReadDir implements FS.
func (d Disk) ReadDir(path string) ([]fs.DirEntry, error) {
	p, done, err := d.at(path, true)
	if err != nil {
		return nil, err
	}
	defer done()
	entries, err := os.ReadDir(p)
	return entries, named(err, path)
}

// Stat implements FS.
func (d Disk) Stat(path string) (Info, error) {
	p, done, err := d.at(path, true)
	if err != nil {
		return Info{}, err
	}
	defer done()
	i, err := os.Stat(p)
	if err != nil {
		return Info{}, named(err, path)
	}
	return infoOf(i), nil
}

// Lstat implements FS.
func (d Disk) Lstat(path string) (Info, error) {
	p, done, err := d.at(path, false)
	if err != nil {
		return Info{}, err
	}
	defer done()
	i, err := os.Lstat(p)
	if err != nil {
		return Info{}, named(err, path)
	}
	return infoOf(i), nil
}

// Readlink implements FS.
func (d Disk) Readlink(path string) (string, error) {
	p, done, err := d.at(path, false)
	if err != nil {
		return "", err
	}
	defer done()
	target, err := os.Readlink(p)
	return target, named(err, path)
}

func infoOf(i fs.FileInfo) Info {
	out := Info{Mode: i.Mode(), Size: i.Size(), ModTime: i.ModTime(), Changed: i.ModTime(), UID: -1, GID: -1}
	inode(i, &out)
	return out
}

// Exec runs commands on this machine. As root it runs no program that somebody
// else could have put there.
type Exec struct{}

// Run implements Runner.
func (Exec) Run(ctx context.Context, c Command) (Result, error) {
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	if err := mayRun(cmd.Path); cmd.Err == nil && err != nil {
		return Result{}, err
	}
	cmd.WaitDelay = time.Second
	cmd.Env = c.Env
	if c.Terminal {
		cmd.Stdin = os.Stdin
	}
	return RunCmd(cmd, c.Stdin)
}

// Look implements Runner.
func (Exec) Look(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	if err := mayRun(path); err != nil {
		return "", err
	}
	return path, nil
}

func mayRun(program string) error {
	if !isRoot() {
		return nil
	}
	return OnlyRoot(Disk{}, program)
}

// Here is the running machine.
func Here() World {
	return World{
		OS: runtime.GOOS, FS: Disk{}, Run: Exec{}, User: currentUser(),
		Env: os.Getenv, Now: time.Now,
	}
}

// Under is the tree below root, as targetOS would use it. Nothing is executed
// and no variable of this session is taken over; the user is root.
func Under(root, targetOS string) World {
	home := map[string]string{"linux": "/root", "darwin": "/var/root", "windows": `C:\Users\Administrator`}[targetOS]
	return World{
		OS: targetOS, Root: root, FS: Disk{Root: root},
		User: User{Name: "root", Home: home}, Now: time.Now,
	}
}

func currentUser() User {
	u := User{UID: os.Getuid(), GID: os.Getgid(), Home: os.Getenv("HOME")}
	if me, err := user.Current(); err == nil {
		u.Name = me.Username
		if u.Home == "" {
			u.Home = me.HomeDir
		}
	}
	if u.Name == "" {
		u.Name = strconv.Itoa(u.UID)
	}
	if u.Home == "" {
		u.Home, _ = os.UserHomeDir()
	}
	return u
}
