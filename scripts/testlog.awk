# Shortens the output of `go test -v`: results of packages, tests that were skipped,
# and everything that tests which failed had to say.
function forget() { kept = "" }

/^=== RUN   [^\/]*$/ { failed = 0 }
/^=== (RUN|PAUSE|CONT|NAME)/ { next }
/^--- PASS/ { failed = 0; forget(); next }
/^ *--- PASS/ { if (!failed) next }
/^--- SKIP/ { failed = 0; printf "%s", kept; forget(); print; next }
/^--- FAIL/ { failed = 1; printf "%s", kept; forget(); print; next }
/^PASS$/ { next }
/^\?/ { next } # no test files
/^(ok|panic:|exit status|make|lab:|#)/ || /^[^ ]+\.go:[0-9]+:/ { print; next }
/^FAIL/ { printf "%s", kept; forget(); print; next }
failed { print; next }
{ kept = kept $0 "\n" }
END { printf "%s", kept }
