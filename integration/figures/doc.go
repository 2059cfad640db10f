// Package figures holds the benchmarks whose results docs/figures.md records:
// what probing and checking cost beside the least that could be done, in one run,
// so that the ratio holds on any machine.
//
//	go test -run '^$' -bench . -benchtime 5x ./integration/figures
package figures
