# Builds, tests and installs latchkey on Debian 12 with Swift 6.3.
PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift

# What the build links, and what the tests call.
BUILD_PACKAGES = libssl-dev libsodium-dev libutf8proc-dev libqrencode-dev libpng-dev libsqlite3-dev libzxcvbn-dev liboath-dev libevent-dev libcurl4-openssl-dev \
	libexpat1-dev libzbar-dev libturbojpeg0-dev pkg-config
TEST_PACKAGES = oathtool pskctool argon2 zbar-tools tmux bash zsh fish mandoc groff-base man-db python3-pyotp python3-venv sqlite3 librsvg2-bin zxing-cpp-tools awscli nginx-light openssl curl openssh-client postgresql-15 systemd strace

BINARY = .build/release/latchkey
# What makes a cold start faster by a third: libraries that `latchkey code` does not need are linked in (the C++ library below
# Swift's runtime, SQLite, libpng, libevent and the like), and relative relocations are packed. Cryptography stays shared, so that
# Debian's security updates reach it. `--static-swift-stdlib` alone makes a working binary as well.
LINKED = $(CURDIR)/.build/linked
LINKED_LIBRARIES = libstdc++ libsqlite3 libpng16 libz libexpat libutf8proc libevent libevent_core libevent_openssl libevent_pthreads
# clang puts what stands in its configuration file before all that SwiftPM says: else the folder of shared libraries, which
# SwiftPM takes from pkg-config, would come first.
LINK_FIRST = $(LINKED)/first.cfg
TOOLCHAIN = $$(dirname "$$(readlink -f "$$(command -v $(SWIFT))")")
RELEASE = -c release --static-swift-stdlib --disable-local-rpath -Xswiftc -use-ld=lld -Xlinker -lz -Xlinker -lm \
	-Xlinker -z -Xlinker pack-relative-relocs -Xlinker --no-export-dynamic -Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
	-Xswiftc -Xclang-linker -Xswiftc "--config=$(LINK_FIRST)"
BINDIR = $(DESTDIR)$(PREFIX)/bin
SHAREDIR = $(DESTDIR)$(PREFIX)/share
COMPLETIONS = $(SHAREDIR)/bash-completion/completions/latchkey $(SHAREDIR)/zsh/site-functions/_latchkey \
	$(SHAREDIR)/fish/vendor_completions.d/latchkey.fish
MANPAGE = $(SHAREDIR)/man/man1/latchkey.1
# Where systemd looks, below /usr as below /usr/local.
LIBDIR = $(DESTDIR)$(PREFIX)/lib
SERVICE = $(LIBDIR)/systemd/system/latchkey.service $(LIBDIR)/sysusers.d/latchkey.conf $(LIBDIR)/tmpfiles.d/latchkey.conf

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= tokens texts policies requests identity
# More would only wait for each other, and for programs that have to answer in time.
TESTS_AT_ONCE ?= 8
CAMPAIGNS ?= kills images race revoke rotate restarts writes upgrade endings backup full flood clock idle torture capacity

.PHONY: all setup run test campaigns lint bench soak fuzz sanitize install uninstall clean

all: ## the release binary
	@mkdir -p "$(LINKED)"
	@for library in $(LINKED_LIBRARIES); do \
		ln -sf "$$("$(TOOLCHAIN)/clang" -print-file-name=$$library.a)" "$(LINKED)/"; \
	done
	@echo '"-L$(LINKED)"' > "$(LINK_FIRST)"
	$(SWIFT) build $(RELEASE) --product latchkey
	@for library in $(LINKED_LIBRARIES); do \
		if ldd $(BINARY) | grep -q "^[[:blank:]]*$$library[-.]"; then \
			echo "$$library is not linked in: a cold start is slower for it" >&2; exit 1; \
		fi; \
	done

setup: ## Debian's packages for building and testing; asks for nothing when they are there
	@missing=; for package in $(BUILD_PACKAGES) $(TEST_PACKAGES); do \
		dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	echo "installing with apt-get:$$missing"; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	install="$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"; \
	case "$$missing" in *postgresql-*) \
		$$install postgresql-common >/dev/null || { $$sudo apt-get update >/dev/null && $$install postgresql-common >/dev/null; }; \
		$$sudo sed -i 's/^#create_main_cluster = true/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf;; \
	esac; \
	$$install $$missing >/dev/null || { $$sudo apt-get update >/dev/null && $$install $$missing >/dev/null; }
	@command -v $(SWIFT) >/dev/null || { echo "Swift 6.3 is missing: https://www.swift.org/install/linux/" >&2; exit 1; }

run: setup all ## enrol a device and log in, on a store that is thrown away
	LATCHKEY_BINARY="$(CURDIR)/$(BINARY)" bash Tests/Scripts/session.sh

test: setup all ## every test, the transcripts on the release binary
	LATCHKEY_BINARY="$(CURDIR)/$(BINARY)" $(SWIFT) test --experimental-maximum-parallelization-width $(TESTS_AT_ONCE)

campaigns: setup all ## the long form of every campaign of faults, each with a verdict line
	@failed=0; for campaign in $(CAMPAIGNS); do \
		LATCHKEY_BINARY="$(CURDIR)/$(BINARY)" python3 Tests/Campaigns/$$campaign.py || failed=1; \
	done; exit $$failed

lint: ## the sources as they should be written
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests
	@if grep -rnE '[[:blank:]]+$$' Sources Tests Makefile .ci --include='*.swift' --include='*.h' --include='run' \
		--include=Makefile; then echo "blanks at the end of lines" >&2; exit 1; fi

bench: setup all ## codes, policies, the server, durable changes: each beside a limit or a peer
	$(SWIFT) build $(RELEASE) --product LatchkeyBenchmarks
	$(SWIFT) build $(RELEASE) --product LatchkeyStoreBenchmarks
	@failed=0; LATCHKEY_BINARY="$(CURDIR)/$(BINARY)" .build/release/LatchkeyBenchmarks || failed=1; \
	.build/release/LatchkeyStoreBenchmarks || failed=1; exit $$failed

fuzz: setup ## what comes from outside, under libFuzzer and AddressSanitizer, FUZZ_SECONDS for each kind
	LATCHKEY_FUZZ=1 $(SWIFT) build -c release --scratch-path .build/fuzz --product Fuzz
	python3 Tests/Fuzz/corpus.py .build/fuzz/corpus
	@for target in $(FUZZ_TARGETS); do \
		echo "$$target:"; \
		ASAN_OPTIONS=detect_leaks=0 .build/fuzz/release/Fuzz $$target -max_total_time=$(FUZZ_SECONDS) -timeout=20 \
			-rss_limit_mb=4096 -print_final_stats=1 -verbosity=0 -artifact_prefix=.build/fuzz/ .build/fuzz/corpus/$$target || exit 1; \
	done

sanitize: setup ## the tests inside one process under ThreadSanitizer, then under AddressSanitizer
	TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/Sanitizers/thread.txt" $(SWIFT) test --sanitize=thread \
		--scratch-path .build/thread --experimental-maximum-parallelization-width 4 --skip LatchkeyCommandTests
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --sanitize=address \
		--scratch-path .build/address --experimental-maximum-parallelization-width 4 --skip LatchkeyCommandTests

soak: setup all ## a million requests, after which the server must hold no more than before
	$(SWIFT) build $(RELEASE) --product LatchkeyBenchmarks
	LATCHKEY_BINARY="$(CURDIR)/$(BINARY)" .build/release/LatchkeyBenchmarks soak

install: all ## binary, vectors, man page, completions and systemd's unit below $(DESTDIR)$(PREFIX)
	install -d "$(BINDIR)" "$(SHAREDIR)/latchkey" $(foreach file,$(COMPLETIONS) $(MANPAGE) $(SERVICE),"$(dir $(file))")
	install -m 755 $(BINARY) "$(BINDIR)/latchkey"
	rm -rf "$(SHAREDIR)/latchkey/vectors"
	cp -R Vectors "$(SHAREDIR)/latchkey/vectors"
	chmod -R u=rwX,go=rX "$(SHAREDIR)/latchkey/vectors"
	$(BINARY) help --man > "$(MANPAGE)"
	$(BINARY) completion bash > "$(word 1,$(COMPLETIONS))"
	$(BINARY) completion zsh > "$(word 2,$(COMPLETIONS))"
	$(BINARY) completion fish > "$(word 3,$(COMPLETIONS))"
	chmod 644 "$(MANPAGE)" $(foreach file,$(COMPLETIONS),"$(file)")
	sed 's|@BINDIR@|$(PREFIX)/bin|' Packaging/latchkey.service > "$(word 1,$(SERVICE))"
	install -m 644 Packaging/latchkey.sysusers "$(word 2,$(SERVICE))"
	install -m 644 Packaging/latchkey.tmpfiles "$(word 3,$(SERVICE))"
	chmod 644 "$(word 1,$(SERVICE))"

uninstall: ## what install has put there
	rm -f "$(BINDIR)/latchkey" "$(MANPAGE)" $(foreach file,$(COMPLETIONS) $(SERVICE),"$(file)")
	rm -rf "$(SHAREDIR)/latchkey"

clean: ## the build's folder
	rm -rf .build
