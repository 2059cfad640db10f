# Mooring's build. On a fresh machine `make demo` and `make test` install what
# they lack, after saying what that is.

# Deferred: Go itself may be among the things that a prerequisite installs.
GO = $(shell scripts/go.sh)

# Nearly all of a cold build is one C file, the OpenGL binding. Optimising it
# takes minutes and gains nothing. Every step must use the same flags, or the
# build cache holds it twice.
export CGO_CFLAGS := -O0

# Fyne's own switch for programs that keep to the fyne.Do discipline.
window_tags = migrated_fynedo
# Fyne's headless driver: nothing of OpenGL is compiled.
test_tags   = ci,migrated_fynedo

prefix      ?= /usr
bindir      ?= $(prefix)/bin
libexecdir  ?= $(prefix)/libexec
datadir     ?= $(prefix)/share
helperdir    = $(libexecdir)/mooring
desktop      = $(datadir)/applications/dev.mooring.Mooring.desktop
icon         = $(datadir)/icons/hicolor/scalable/apps/dev.mooring.Mooring.svg
policy       = $(datadir)/polkit-1/actions/dev.mooring.policy
DESTDIR     ?=
FUZZTIME    ?= 40000x
BENCHTIME   ?= 1s

# Where the window and the command line look for the helper.
ldflags      = -X mooring.dev/mooring/platform/elevate.helperDir=$(helperdir)

.PHONY: all deps build window cli run demo test integration e2e bench lint fuzz cross install install-helper install-desktop uninstall clean

all: build

deps: deps-build

# What a target lacks is installed by a prerequisite: a recipe is expanded as a
# whole before its first line runs, and $(GO) may only be there afterwards.
deps-%: FORCE
	@scripts/deps.sh $*

FORCE:

build: window cli

window: deps
	$(GO) build -tags $(window_tags) -ldflags '$(ldflags)' -o bin/mooring .

# The command line without the window: one static file, which is the helper too.
cli: deps-cli
	CGO_ENABLED=0 $(GO) build -tags nogui -ldflags '-s -w $(ldflags)' -o bin/mooring-cli .

run: window
	bin/mooring

# Without a display the same tour runs in the terminal, and nothing of the window
# needs to be there.
demo:
	@if [ "$$(uname -s)" = Darwin ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		$(MAKE) --no-print-directory window && exec bin/mooring demo; \
	else \
		echo "No display here: the tour runs in this terminal."; \
		$(MAKE) --no-print-directory cli && exec bin/mooring-cli demo; \
	fi

test: deps-test
	$(GO) test -race -tags $(test_tags) ./...

# Real engines and registries, in namespaces of their own. Needs root.
integration: deps-lab deps-wine
	$(GO) test -tags integration -count=1 -p 1 -timeout 20m -v ./integration/...

# The real window on a virtual display.
e2e: window cli deps-e2e
	$(GO) test -tags e2e,$(window_tags) -count=1 -timeout 20m -v ./e2e/...

bench: deps-test
	$(GO) test -tags $(test_tags) -run '^$$' -bench . -benchtime $(BENCHTIME) -benchmem ./...

lint: deps-cli
	scripts/lint.sh

fuzz: deps-cli
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

# The other systems, as far as they can be built here: all but the window.
cross: deps-cli
	scripts/cross.sh

# After `make build`, as root: nothing is built here, so that root runs no compiler
# and leaves nothing of its own in the person's build cache. What docker starts for
# each pull is the build without a window: it is there in milliseconds.
install: install-helper install-desktop
	install -d $(DESTDIR)$(bindir)
	install -m 0755 bin/mooring $(DESTDIR)$(bindir)/mooring
	install -m 0755 bin/mooring-cli $(DESTDIR)$(bindir)/docker-credential-mooring
	ln -f $(DESTDIR)$(bindir)/docker-credential-mooring $(DESTDIR)$(bindir)/mooring-cli

# The entry for the desktop's menu, which also makes Mooring the one that opens
# mooring:// links.
install-desktop:
	install -d $(DESTDIR)$(dir $(desktop)) $(DESTDIR)$(dir $(icon))
	install -m 0644 assets/desktop/dev.mooring.Mooring.desktop $(DESTDIR)$(desktop)
	install -m 0644 assets/icons/app.svg $(DESTDIR)$(icon)
	$(refresh-desktop)

# What desktops read is a cache of the entries. A package's own scripts make it
# anew where DESTDIR is another place.
define refresh-desktop
@if [ -z "$(DESTDIR)" ] && command -v update-desktop-database >/dev/null; then \
	update-desktop-database -q $(dir $(desktop)); \
fi
endef

# The helper runs as root, so it must be a file that only root can write: one file,
# with a name for each of the two things that polkit asks for.
install-helper:
	@test -x bin/mooring-cli || { echo "bin/mooring-cli is not there: run make build first"; exit 1; }
	install -d $(DESTDIR)$(helperdir) $(DESTDIR)$(dir $(policy))
	install -m 0755 bin/mooring-cli $(DESTDIR)$(helperdir)/mooring-helper-registry
	ln -f $(DESTDIR)$(helperdir)/mooring-helper-registry $(DESTDIR)$(helperdir)/mooring-helper-computer
	sed 's|@libexecdir@|$(libexecdir)|g' assets/polkit/dev.mooring.policy.in >$(DESTDIR)$(policy)
	chmod 0644 $(DESTDIR)$(policy)

# First of all the person's files must name Mooring's helper no more.
uninstall:
	-[ -n "$(DESTDIR)" ] || scripts/unregister.sh $(bindir)/mooring
	rm -f $(DESTDIR)$(bindir)/mooring $(DESTDIR)$(bindir)/docker-credential-mooring $(DESTDIR)$(bindir)/mooring-cli $(DESTDIR)$(helperdir)/mooring-helper-registry $(DESTDIR)$(helperdir)/mooring-helper-computer $(DESTDIR)$(policy)
	rm -f $(DESTDIR)$(desktop) $(DESTDIR)$(icon)
	$(refresh-desktop)
	-rmdir $(DESTDIR)$(helperdir)

clean:
	rm -rf bin dist artefacts
