//go:build integration

// Package lab runs real registries, engines and command lines where they can
// harm nothing: in mount, network and process namespaces of the test's own.
//
// A test package calls [Main] from TestMain. That builds the tools, starts the
// test binary again inside the namespaces and runs the tests there. Inside, /etc,
// /var and the anchors' directory are overlays, /run is empty, the network is one
// loopback device that also answers for 10.77.0.0/16, and every name of
// /etc/hosts is the lab's. All of it, processes included, ends with the test
// binary, which is process 1 there.
package lab
