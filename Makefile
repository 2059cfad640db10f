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
mandir      ?= $(datadir)/man
docdir      ?= $(datadir)/doc/mooring
bashdir     ?= $(datadir)/bash-completion/completions
zshdir      ?= $(datadir)/zsh/site-functions
fishdir     ?= $(datadir)/fish/vendor_completions.d
helperdir    = $(libexecdir)/mooring
DESTDIR     ?=
FUZZTIME    ?= 40000x
BENCHTIME   ?= 1s

# Where the window and the command line look for the helper.
ldflags      = -X mooring.dev/mooring/platform/elevate.helperDir=$(helperdir)

.PHONY: all deps build window cli share run demo test integration e2e window-windows cli-windows nsis wine-window bench lint fuzz cross install install-helper install-desktop uninstall deb rpm clean

all: build

deps: deps-build

# What a target lacks is installed by a prerequisite: a recipe is expanded as a
# whole before its first line runs, and $(GO) may only be there afterwards.
deps-%: FORCE
	@scripts/deps.sh $*

FORCE:

build: window cli share

window: deps
	$(GO) build -tags $(window_tags) -ldflags '-s -w $(ldflags)' -o bin/mooring .

# The command line without the window: one static file, which is the helper too.
cli: deps-cli
	CGO_ENABLED=0 $(GO) build -tags nogui -ldflags '-s -w $(ldflags)' -o bin/mooring-cli .

# What is installed beside the programs and made from them: the manual page,
# completions, icons, and the licences of what is built in.
share: cli
	GO=$(GO) scripts/share.sh bin/mooring-cli bin/share $(icon_sizes)

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

# The window for Windows. Its C is compiled by mingw once, which takes a quarter of
# an hour on one processor; seconds after that.
window-windows: deps-wine
	CGO_ENABLED=1 GOOS=windows GOARCH=amd64 CC=x86_64-w64-mingw32-gcc \
		$(GO) build -tags $(window_tags) -ldflags '-s -w -H windowsgui' -o bin/windows/mooring.exe .

# It, opened and photographed under wine.
wine-window: window-windows deps-e2e
	scripts/wine-window.sh bin/windows/mooring.exe

cli-windows: deps-cli
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 $(GO) build -tags nogui -ldflags '-s -w' -o bin/windows/mooring-cli.exe .

# A simple installer for Windows.
nsis: window-windows cli-windows share
	scripts/nsis.sh bin/windows dist/mooring-setup.exe

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
	$(call place,0755,$(programs))
	ln -sf mooring-cli $(DESTDIR)$(bindir)/docker-credential-mooring
	$(call place,0644,$(documents))

# The helper runs as root, so it must be a file that only root can write: one file,
# with a name for each of the two things that polkit asks for.
install-helper:
	$(call place,0755,$(helpers))
	ln -f $(DESTDIR)$(helperdir)/mooring-helper-registry $(DESTDIR)$(helperdir)/mooring-helper-computer
	install -d $(DESTDIR)$(dir $(policy))
	sed 's|@libexecdir@|$(libexecdir)|g' assets/polkit/dev.mooring.policy.in >$(DESTDIR)$(policy)
	chmod 0644 $(DESTDIR)$(policy)

# The entry for the desktop's menu, which also makes Mooring the one that opens
# mooring:// links and one of those that open certificates.
install-desktop:
	$(call place,0644,$(desktop))
	$(refresh-desktop)

# First of all the person's files must name Mooring's helper no more.
uninstall:
	-[ -n "$(DESTDIR)" ] || scripts/unregister.sh $(bindir)/mooring-cli
	rm -f $(addprefix $(DESTDIR),$(installed))
	-rmdir $(DESTDIR)$(helperdir) $(DESTDIR)$(docdir)
	$(refresh-desktop)

# Each as file:place. What is installed is removed by the same lists.
programs  = bin/mooring:$(bindir)/mooring bin/mooring-cli:$(bindir)/mooring-cli
helpers   = bin/mooring-cli:$(helperdir)/mooring-helper-registry scripts/unregister.sh:$(helperdir)/unregister
documents = bin/share/mooring.1:$(mandir)/man1/mooring.1 \
	$(foreach page,mooring-cli docker-credential-mooring,assets/man/$(page).1:$(mandir)/man1/$(page).1) \
	bin/share/mooring.bash:$(bashdir)/mooring bin/share/_mooring:$(zshdir)/_mooring bin/share/mooring.fish:$(fishdir)/mooring.fish \
	LICENSE:$(docdir)/LICENSE bin/share/LICENSES.others:$(docdir)/LICENSES.others
app       = dev.mooring.Mooring
desktop   = assets/desktop/$(app).desktop:$(datadir)/applications/$(app).desktop \
	assets/desktop/$(app).metainfo.xml:$(datadir)/metainfo/$(app).metainfo.xml \
	assets/icons/app.svg:$(datadir)/icons/hicolor/scalable/apps/$(app).svg \
	$(foreach n,$(icon_sizes),bin/share/icons/$(n).png:$(datadir)/icons/hicolor/$(n)x$(n)/apps/$(app).png)
icon_sizes = 16 22 24 32 48 64 128 256 512
policy    = $(datadir)/polkit-1/actions/dev.mooring.policy
installed = $(foreach f,$(programs) $(helpers) $(documents) $(desktop),$(lastword $(subst :, ,$(f)))) $(policy) \
	$(bindir)/docker-credential-mooring $(helperdir)/mooring-helper-computer

# $(call place,MODE,FILE:PLACE…)
define place
@set -e; for pair in $(2); do \
	file=$${pair%%:*}; place="$(DESTDIR)$${pair#*:}"; \
	[ -e "$$file" ] || { echo "$$file is not there: run make build first"; exit 1; }; \
	install -d "$$(dirname "$$place")"; \
	echo "install -m $(1) $$file $$place"; install -m $(1) "$$file" "$$place"; \
done
endef

# What desktops read is a cache of the entries and icons. Where DESTDIR is another
# place, a package's own ways make it anew.
define refresh-desktop
@if [ -z "$(DESTDIR)" ]; then \
	if command -v update-desktop-database >/dev/null; then update-desktop-database -q $(datadir)/applications; fi; \
	if command -v gtk-update-icon-cache >/dev/null; then gtk-update-icon-cache -qtf $(datadir)/icons/hicolor; fi; \
fi
endef

# What install places, as a package for Debian and its relatives, and for those of
# Fedora and openSUSE.
deb rpm: build
	GO=$(GO) scripts/package.sh $@

clean:
	rm -rf bin dist artefacts
