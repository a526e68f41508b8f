# landlockd: `make help` lists the targets. Everything but the toolchain download works without a network.

PREFIX  ?= /usr/local
DESTDIR ?=
CC      := gcc
AARCH64_CC ?= aarch64-linux-gnu-gcc
BUN     := node_modules/.bin/bun

# No libc is linked: this code runs between clone and execve, where a libc's locks and state can't be relied on.
C_WARNINGS := -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wvla -Wswitch-enum -Wmissing-prototypes -Werror
C_COMMON   := -std=gnu17 -O2 -iquote csrc $(C_WARNINGS) -fvisibility=hidden -ffreestanding -fno-builtin -nostdlib -fno-stack-protector
# gcc's own atomics of aarch64 are calls of libgcc, which isn't linked either. The page size is the largest that there is.
ON_AARCH64  = $(findstring aarch64,$(shell $(CC) -dumpmachine))
C_ARCH      = $(if $(ON_AARCH64),-mno-outline-atomics)
PAGE_BYTES  = $(if $(ON_AARCH64),65536,4096)
SO_FLAGS    = $(C_COMMON) $(C_ARCH) -shared -fPIC -s -fno-asynchronous-unwind-tables -fno-unwind-tables -Wl,--build-id=none \
	-Wl,-z,relro,-z,now,-z,noexecstack,-z,defs
# Where the front lies in memory, and why: tools/README.md.
FRONT_FLAGS = $(C_COMMON) $(C_ARCH) -static -fno-pie -no-pie -fno-asynchronous-unwind-tables -fno-unwind-tables \
	-Wl,-Ttext-segment=0x110000 -Wl,--defsym=ll_link_record=0x110000 -Wl,-z,noseparate-code -Wl,-z,noexecstack \
	-Wl,-z,norelro -Wl,--build-id=none -Wl,--fatal-warnings -Wl,-z,max-page-size=$(PAGE_BYTES)

# The front isn't in the library, but for what both need; everything else is.
FRONT_ONLY := $(wildcard csrc/front/*.c)
# What the library shares with the front: csrc/run/finish.h.
FINISH_C   := $(patsubst %,csrc/front/%.c,command host key request sha256 store)
SO_C       := $(wildcard $(patsubst %,csrc/%/*.c,base plan run broker audit native)) $(FINISH_C)
# The front performs plans and sifts requests too: these are compiled twice.
FRONT_C    := $(FRONT_ONLY) $(filter-out %/finish.c %/helper.c,$(wildcard $(patsubst %,csrc/%/*.c,base plan run broker audit)))
C_HEADERS  := $(wildcard csrc/*/*.h)
# Folders too: a file added or taken away changes its folder.
BUNDLED    := $(shell find src policies schema)

BUNDLER    := tools/bundle.ts tools/parts.ts

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all help demo check format generate test bench bench-hour fuzz install uninstall clean toolchain host-tools library-sources c-analyze c-tidy c-aarch64 FORCE

all: dist/landlockd ## Build dist/landlockd (the default)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo '  PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)  where install and uninstall work'

demo: all ## Build, then show a program work and a forbidden access fail
	@sh tools/demo.sh dist/landlockd

check: node_modules/.toolchain build/libsandbox.so ## The one gate for style, types, and generated files
	@$(BUN) tools/check.ts

format: node_modules/.toolchain ## Rewrite sources in the house format
	node_modules/.bin/biome check --write .
	@if command -v clang-format >/dev/null; then find csrc test/probe -name '*.[ch]' -not -name '*.gen.h' \
		-exec clang-format -i {} +; else echo 'clang-format: not found; apt-get install clang-format'; fi

generate: node_modules/.toolchain ## Write the generated files anew (schema, reference, C layout, completions)
	@for each in tools/gen-*.ts; do $(BUN) "$$each" || exit 1; done

# The parts of `check` that need the C flags; silent unless something is found.
library-sources:
	@echo $(SO_C)

c-analyze:
	@for each in $(SO_C) $(FRONT_ONLY); do $(CC) $(C_COMMON) -fPIC -fanalyzer -c -o /dev/null "$$each" || failed=1; done; exit $${failed:-0}

c-tidy:
	@clang-tidy --quiet $(SO_C) $(FRONT_ONLY) -- $(filter-out -Werror,$(C_COMMON)) 2>/dev/null

c-aarch64:
	@for each in $(SO_C) $(FRONT_ONLY); do $(AARCH64_CC) $(C_COMMON) -fPIC -c -o /dev/null "$$each" || failed=1; done; exit $${failed:-0}

test: all ## Run every test; the last line counts them
	@$(BUN) test/run-all.ts

bench: all build/bench/empty ## Run the benches into bench/results/ (needs hyperfine, bubblewrap, firejail)
	@$(BUN) bench/all.ts

bench-hour: all ## An hour of mixed work under broker and daemon, for leaks; most of it is sleep
	@$(BUN) bench/hour.ts

# FUZZ=name, FUZZ=--inputs=N and the like: test/fuzz/all.ts.
fuzz: all ## 10,000,000 inputs for each reader, under sanitizers where it is C (needs clang)
	@nice -n 10 $(BUN) test/fuzz/all.ts $(FUZZ)

clean: ## Remove what was built; the toolchain stays
	rm -rf build dist

# ---- toolchain: what npm can install; the rest is named with its Debian package

toolchain: node_modules/.toolchain ## Install the pinned toolchain (Bun, TypeScript, Biome) into node_modules

host-tools:
	@missing=0; \
	need() { command -v "$$1" >/dev/null 2>&1 || { echo "$$1: not found; apt-get install $$2" >&2; missing=1; }; }; \
	need $(CC) gcc; need ld binutils; need node nodejs; need npm npm; \
	exit $$missing

# The stamp is a copy of the lock file: a checkout that only changes times installs nothing.
node_modules/.toolchain: package.json package-lock.json .npmrc | host-tools
	@if cmp -s package-lock.json $@; then touch $@; else \
		echo 'npm ci'; npm ci --no-fund --no-audit --loglevel=error && cp package-lock.json $@; fi

# ---- build

# Written only when it changes, so that a new commit relinks and an unchanged tree doesn't.
build/version: FORCE | host-tools
	@mkdir -p build
	@node tools/version.mjs >$@.tmp
	@if cmp -s $@.tmp $@; then rm $@.tmp; else mv -f $@.tmp $@; fi

# The same for aarch64, from any machine: build/aarch64/ and dist/landlockd-aarch64, which test/aarch64/ runs.
build/aarch64/%: CC := $(AARCH64_CC)

build/libsandbox.so build/aarch64/libsandbox.so: $(SO_C) $(C_HEADERS) Makefile | host-tools
	@mkdir -p $(@D)
	$(CC) $(SO_FLAGS) -o $@.tmp $(SO_C)
	@mv -f $@.tmp $@

# The one that package-lock.json pins.
build/aarch64/bun: package-lock.json tools/fetch-bun.ts node_modules/.toolchain
	@mkdir -p $(@D)
	$(BUN) tools/fetch-bun.ts --package @oven/bun-linux-aarch64 --out $@

# Built beside and moved into place: a running landlockd keeps its file, a reader never sees half of one.
build/landlockd-unlinked: build/libsandbox.so
build/aarch64/landlockd-unlinked: build/aarch64/libsandbox.so build/aarch64/bun
build/aarch64/landlockd-unlinked: export LANDLOCKD_LIBRARY := aarch64
build/landlockd-unlinked build/aarch64/landlockd-unlinked: build/version $(BUNDLED) $(BUNDLER) package.json tsconfig.json Makefile node_modules/.toolchain
	@out=$$(mktemp -d build/bun.XXXXXX) && trap 'rm -rf "$$out"' EXIT && \
	$(BUN) tools/bundle.ts --entry src/main.ts --shared src/cli/main.ts --out "$$out/landlockd" \
		--version "$$(cat build/version)" $(addprefix --aarch64 ,$(filter %/bun,$^)) && \
	mv -f "$$out/landlockd" $@

build/front build/aarch64/front: $(FRONT_C) $(C_HEADERS) Makefile | host-tools
	@mkdir -p $(@D)
	$(CC) $(FRONT_FLAGS) -o $@.tmp $(FRONT_C)
	@mv -f $@.tmp $@

LINK_STEP := tools/link.ts tools/link-layout.ts tools/elf.ts
dist/landlockd: build/landlockd-unlinked build/front $(LINK_STEP)
dist/landlockd-aarch64: build/aarch64/landlockd-unlinked build/aarch64/front $(LINK_STEP)
dist/landlockd dist/landlockd-aarch64:
	@mkdir -p dist
	$(BUN) tools/link.ts --front $(filter %/front,$^) --in $(filter %-unlinked,$^) --out $@

build/bench/empty: bench/empty.ts $(BUNDLER) node_modules/.toolchain
	@mkdir -p $(@D)
	@$(BUN) tools/bundle.ts --entry $< --out $@

# ---- install

BIN  = $(DESTDIR)$(PREFIX)/bin
DATA = $(DESTDIR)$(PREFIX)/share
# Where systemd looks for units of users with each prefix: /usr, /usr/local, ~/.local (`systemd-analyze --user unit-paths`).
UNITS = $(DATA)/systemd/user
# Folders that install makes where they are missing, from the innermost; those of a whole system stay.
MADE  = $(addprefix share/,systemd/user bash-completion/completions zsh/site-functions fish/vendor_completions.d man/man1) bin
NAMED = /usr /usr/local $(HOME)/.local

# Doesn't rebuild what is there: installing as root must not compile as root.
install: $(if $(wildcard dist/landlockd),,all) ## Install to DESTDIR/PREFIX
	@case "$(PREFIX)" in /*) ;; *) echo 'PREFIX is a path from /: PREFIX=$$HOME/.local' >&2; exit 1;; esac
	install -D -m 0755 dist/landlockd "$(BIN)/landlockd"
	install -d "$(DATA)/landlockd/policies" "$(DATA)/landlockd/schema" "$(DATA)/doc/landlockd/docs"
	install -m 0644 policies/*.toml "$(DATA)/landlockd/policies"
	install -m 0644 schema/landlockd.schema.json "$(DATA)/landlockd/schema"
	install -m 0644 README.md CHANGELOG.md LICENSE "$(DATA)/doc/landlockd"
	install -m 0644 docs/*.md "$(DATA)/doc/landlockd/docs"
	install -D -m 0644 docs/landlockd.1 "$(DATA)/man/man1/landlockd.1"
	install -D -m 0644 completions/landlockd.bash "$(DATA)/bash-completion/completions/landlockd"
	install -D -m 0644 completions/_landlockd "$(DATA)/zsh/site-functions/_landlockd"
	install -D -m 0644 completions/landlockd.fish "$(DATA)/fish/vendor_completions.d/landlockd.fish"
	install -D -m 0644 systemd/landlockd.socket "$(UNITS)/landlockd.socket"
	sed 's|@BINDIR@|$(PREFIX)/bin|' systemd/landlockd.service >"$(UNITS)/landlockd.service"
	chmod 0644 "$(UNITS)/landlockd.service"
	@case " $(NAMED) " in *" $(PREFIX) "*) ;; *) \
		echo 'run --policy finds what you add to the policies there with LANDLOCKD_POLICY_PATH=$(PREFIX)/share/landlockd/policies';; esac

uninstall: ## Remove what install put there
	rm -f "$(BIN)/landlockd" "$(DATA)/man/man1/landlockd.1" "$(DATA)/bash-completion/completions/landlockd" \
		"$(DATA)/zsh/site-functions/_landlockd" "$(DATA)/fish/vendor_completions.d/landlockd.fish"
	rm -f "$(UNITS)/landlockd.socket" "$(UNITS)/landlockd.service"
	rm -rf "$(DATA)/landlockd" "$(DATA)/doc/landlockd"
	@case "$(PREFIX)" in /usr|/usr/local) ;; *) cd "$(DESTDIR)$(PREFIX)" 2>/dev/null && \
		rmdir -p --ignore-fail-on-non-empty $(MADE) share/doc 2>/dev/null; \
		rmdir --ignore-fail-on-non-empty "$(DESTDIR)$(PREFIX)" 2>/dev/null; true;; esac
