package enginectl

import (
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

// scm is the service control manager, opened with no more rights than each question
// needs: mgr.Connect asks for all of them, and fails for everybody but administrators.
type scm struct{ manager windows.Handle }

func openServices() (services, error) {
	h, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return nil, err
	}
	return scm{h}, nil
}

// Close implements services.
func (m scm) Close() { _ = windows.CloseServiceHandle(m.manager) }

func (m scm) with(name string, access uint32, do func(*mgr.Service) error) error {
	p, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	h, err := windows.OpenService(m.manager, p, access)
	if err != nil {
		return err
	}
	s := &mgr.Service{Name: name, Handle: h}
	defer s.Close()
	return do(s)
}

// Dependents implements services. The system lists them in the order in which they
// have to stop (EnumDependentServices).
func (m scm) Dependents(name string) (names []string, err error) {
	err = m.with(name, windows.SERVICE_ENUMERATE_DEPENDENTS|windows.SERVICE_STOP|windows.SERVICE_START, func(s *mgr.Service) error {
		names, err = s.ListDependentServices(svc.Active)
		return err
	})
	return names, err
}

// Stop implements services.
func (m scm) Stop(name string) error {
	return m.with(name, windows.SERVICE_STOP, func(s *mgr.Service) error {
		_, err := s.Control(svc.Stop)
		return err
	})
}

// Start implements services.
func (m scm) Start(name string) error {
	return m.with(name, windows.SERVICE_START, func(s *mgr.Service) error { return s.Start() })
}

// Running implements services.
func (m scm) Running(name string) (running, settled bool, err error) {
	err = m.with(name, windows.SERVICE_QUERY_STATUS, func(s *mgr.Service) error {
		st, err := s.Query()
		running, settled = st.State == svc.Running, st.State == svc.Running || st.State == svc.Stopped
		return err
	})
	return running, settled, err
}
