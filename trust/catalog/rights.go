package catalog

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
)

// RightsOf asks what may be done with a repository. A token that does not grant an
// action is a no; one that does is a promise only, so the registry itself is asked
// as well: for the tags, and for an upload, which is cancelled at once
// (go-containerregistry's CheckPushPermission does the same, for Docker Hub grants
// more than it allows).
func RightsOf(ctx context.Context, s *signin.Session, repository string) (Rights, error) {
	a := asker{session: s, rights: Rights{Repository: repository, Credential: s.SignedIn()}}
	err := CheckName(repository)
	if err == nil {
		a.rights.Pull, a.rights.PullText, err = a.may(ctx, "pull", a.mayPull, "pull")
	}
	if err == nil {
		a.rights.Push, a.rights.PushText, err = a.may(ctx, "push", a.mayPush, "pull", "push")
	}
	return a.rights, err
}

// asker asks for the rights of one repository.
type asker struct {
	session *signin.Session
	rights  Rights
}

func (a *asker) scope(actions string) string {
	return "repository:" + a.rights.Repository + ":" + actions
}

// may asks the token server for a scope of actions, then the registry by ask.
func (a *asker) may(ctx context.Context, action string, ask func(context.Context) (Answer, string, error), actions ...string) (Answer, string, error) {
	granted, known, err := a.session.Granted(ctx, "repository", a.rights.Repository, actions...)
	if err == nil && known && !slices.Contains(granted, action) {
		return No, "", nil
	}
	if err != nil {
		return a.settle(ctx, err)
	}
	answer, text, err := ask(ctx)
	if err != nil {
		return a.settle(ctx, err)
	}
	return answer, text, nil
}

// settle makes an answer of what a server refused. That a token server gives no
// token at all means no, as long as it takes the password otherwise.
func (a *asker) settle(ctx context.Context, err error) (Answer, string, error) {
	var r *signin.Refusal
	switch {
	case !errors.As(err, &r) || r.Status == 0:
		return NotKnown, "", err
	case r.Status != http.StatusUnauthorized && r.Status != http.StatusForbidden:
		return NotKnown, r.Text, nil
	}
	if r.Role == trust.RoleToken && a.session.SignedIn() {
		if err := signedIn(ctx, a.session); err != nil {
			return NotKnown, "", err
		}
	}
	return No, r.Text, nil
}

// mayPull asks for one tag: whoever may pull may see them.
func (a *asker) mayPull(ctx context.Context) (Answer, string, error) {
	an, err := a.session.Do(ctx, signin.Request{
		Method: http.MethodGet, Target: path(a.rights.Repository, "tags/list") + "?n=1", Scope: a.scope("pull"),
	})
	if err != nil {
		return NotKnown, "", err
	}
	if an.Status == http.StatusOK {
		return Yes, "", nil
	}
	return NotKnown, "", a.session.Refused(an)
}

// mayPush begins an upload and cancels it.
func (a *asker) mayPush(ctx context.Context) (Answer, string, error) {
	begin := signin.Request{
		Method: http.MethodPost, Target: path(a.rights.Repository, "blobs/uploads/"), Scope: a.scope("pull,push"),
	}
	an, err := a.session.Do(ctx, begin)
	switch {
	case err != nil:
		return NotKnown, "", err
	case an.Status == http.StatusAccepted:
		a.rights.UploadLeft = !a.cancelled(ctx, begin, an.Header.Get("Location"))
		return Yes, "", ctx.Err()
	case an.Status == http.StatusMethodNotAllowed:
		return No, a.session.Refused(an).Text, nil // a registry that is read-only, or a mirror
	}
	return NotKnown, "", a.session.Refused(an)
}

// cancelled takes an upload back. One that lies on another server is left alone.
func (a *asker) cancelled(ctx context.Context, begun signin.Request, location string) bool {
	target, err := a.session.Own(begun.Target, location)
	if err != nil || location == "" {
		return false
	}
	begun.Method, begun.Target = http.MethodDelete, target
	an, err := a.session.Do(ctx, begun)
	return err == nil && an.Status < 300
}
