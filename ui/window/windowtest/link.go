package windowtest

import "mooring.dev/mooring/trust/trusttest"

// SetSent replaces the chain that a host sends, whether it is on the list or not.
func (s *Service) SetSent(name string, chain ...*trusttest.Cert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[name].Sent = certs(chain...)
}
