# manyhands. `make` builds all that `make run` needs; `make help` lists targets.
#
# One rule per kind of thing; a room's sources are found by wildcard, so a new
# file needs no line here. B is the build folder; SANITIZE=1 builds under
# ASan+UBSan in a folder of its own.

B ?= build
ifdef SANITIZE
override B := $(B)/asan
endif
O := $(B)/obj
# V=1 shows the whole commands.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '%-5s %s\n' $(1) $(2))
CSTD := -std=c11 -D_GNU_SOURCE
WARN := -Wall -Wextra -Wformat=2 -Wconversion -Wimplicit-fallthrough \
	-Wmissing-prototypes -Wvla -Werror=format-security
ifdef WERROR
WARN += -Werror
endif
ARCH := $(shell uname -m)
HARDEN := -fstack-clash-protection -fstack-protector-strong -fPIE \
	-fno-strict-aliasing
HARDEN += $(if $(filter x86_64,$(ARCH)),-fcf-protection=full)
ifdef FUZZ
OPT := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDOPT := -fsanitize=address,undefined
else ifdef SANITIZE
OPT := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
LDOPT := -fsanitize=address,undefined
else
# Clang 14 wants to be asked twice.
ZERO := -ftrivial-auto-var-init=zero
ZERO_CLANG := $(ZERO) \
	-enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang
accepts = $(shell $(CC) -Werror $(1) -fsyntax-only -xc /dev/null 2>/dev/null \
	&& echo '$(1)')
OPT := -O2 -g -D_FORTIFY_SOURCE=3 \
	$(or $(call accepts,$(ZERO)),$(call accepts,$(ZERO_CLANG)))
LDOPT :=
# The router is optimised as a whole: a message passes many small functions of
# several rooms. The objects hold plain code too, which is what tests link.
LTO := $(call accepts,-flto=auto -ffat-lto-objects)
LINK_TIME := $(if $(LTO),-fno-lto)
endif
# Doubles must come out bit-identical everywhere: no contraction.
CFLAGS_ALL := $(CSTD) $(WARN) $(HARDEN) $(OPT) -ffp-contract=off -pthread \
	-MMD -MP -Ilib -I. $(CFLAGS)
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -pthread $(LDOPT) \
	$(LDFLAGS)
LLHTTP_DIR := /usr/share/llhttp
LLHTTP_INC := /usr/share/include/llhttp

# --- rooms -----------------------------------------------------------------
src = $(filter-out %/main.c %/wasm.c,$(wildcard $(1)/*.c))
BASE_SRC := $(call src,lib/base)
WAMP_SRC := $(call src,lib/wamp)
CRYPTO_SRC := $(call src,lib/crypto)
NET_SRC := $(call src,lib/net)
COMPUTE_SRC := $(call src,compute) $(call src,compute/tsp) $(call src,compute/pi)
ROUTER_SRC := $(call src,router)
COORDINATOR_SRC := $(call src,coordinator)
WORKER_SRC := $(call src,worker) $(call src,worker/core)

LIBS := base wamp crypto net compute router coordinator worker llhttp
objs = $(patsubst %.c,$(O)/%.o,$(1))
base_OBJ := $(call objs,$(BASE_SRC))
wamp_OBJ := $(call objs,$(WAMP_SRC))
crypto_OBJ := $(call objs,$(CRYPTO_SRC))
net_OBJ := $(call objs,$(NET_SRC))
compute_OBJ := $(call objs,$(COMPUTE_SRC))
router_OBJ := $(call objs,$(ROUTER_SRC))
coordinator_OBJ := $(call objs,$(COORDINATOR_SRC))
worker_OBJ := $(call objs,$(WORKER_SRC))
llhttp_OBJ := $(patsubst %,$(O)/llhttp/%.o,llhttp api http)

lib = $(patsubst %,$(B)/lib%.a,$(1))
SYS_wamp := -ljansson
SYS_crypto := -lcrypto
SYS_net := -luv -lwslay -lssl -lcrypto
SYS_compute := -lgmp -lm
SYS_coordinator := -lsqlite3

.PHONY: all programs pages run test clean help
# Objects of tests are kept for the next build.
.PRECIOUS: $(O)/%.o
all: $(B)/.setup
	@$(MAKE) --no-print-directory programs pages

help:
	@echo 'make            set up what is missing and build everything'
	@echo 'make run        the demo: router, coordinator, a local worker'
	@echo 'make test       all tests (SANITIZE=1: under ASan and UBSan)'
	@echo 'make fuzz       each parser on made-up input (FUZZ_SECONDS=10, FUZZ_NAMES)'
	@echo 'make programs   the C programs only'
	@echo 'make pages      WebAssembly and the pages'
	@echo 'make bench      the benchmarks of tests/bench; bench-router, bench-peers'
	@echo 'make clean      remove $(B)'

$(B)/.setup: scripts/setup web/package-lock.json
	@scripts/setup run
	@mkdir -p $(B) && touch $@

programs: $(B)/router $(B)/coordinator $(B)/worker $(B)/wampload

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS_ALL) $(CFLAGS_$(firstword $(subst /, ,$*))) -c $< -o $@

# Built in, by .incbin.
$(O)/router/config.o: router/manyhands.json
# The kinds are where the time goes.
CFLAGS_compute := $(if $(SANITIZE),,-O3)
# llhttp comes as sources in Debian's node-llhttp; its warnings are not ours.
CFLAGS_lib := -I$(LLHTTP_INC) $(LTO)
CFLAGS_router := $(LTO)
$(O)/llhttp/%.o: $(LLHTTP_DIR)/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CSTD) $(HARDEN) $(OPT) -w -I$(LLHTTP_INC) -c $< -o $@

define library
$(B)/lib$(1).a: $$($(1)_OBJ)
	@rm -f $$@
	$(Q)$$(AR) rcs $$@ $$^
endef
$(foreach l,$(LIBS),$(eval $(call library,$(l))))

LINK = @$(if $(V),,printf '%-5s %s\n' LINK $@;) $(if $(V),set -x;) \
	$(CC) $(LDFLAGS_ALL) $(LINK_TIME) -o $@ $(filter %.o,$^) $(filter %.a,$^)
NET_LIBS := $(call lib,net crypto wamp base llhttp)
NET_SYS := $(SYS_net) $(SYS_wamp)

$(B)/router: LINK_TIME := $(LTO) $(OPT)
$(B)/router: $(O)/router/main.o $(call lib,router) $(NET_LIBS)
	$(LINK) $(NET_SYS) -lz -lqrencode
$(B)/coordinator: $(O)/coordinator/main.o $(call lib,coordinator compute) $(NET_LIBS)
	$(LINK) $(NET_SYS) $(SYS_coordinator) $(SYS_compute)
$(B)/worker: $(O)/worker/main.o $(call lib,worker compute) $(NET_LIBS)
	$(LINK) $(NET_SYS) $(SYS_compute)
WAMPLOAD_OBJ := $(call objs,$(wildcard tests/bench/load/*.c))
$(B)/wampload: $(WAMPLOAD_OBJ) $(NET_LIBS)
	$(LINK) $(NET_SYS)

# --- tests: tests/unit/<room>/test_*.c, each a program --------------------
UNIT_SRC := $(wildcard tests/unit/*/test_*.c tests/sim/test_*.c)
UNIT_BIN := $(patsubst tests/%.c,$(B)/tests/%,$(UNIT_SRC))
TEST_SYS := -lcmocka $(NET_SYS) $(SYS_coordinator) $(SYS_compute) -lz -lqrencode
.PHONY: unit
unit: $(UNIT_BIN)
# make B=… $(B)/tests/unit/router/test_dealer builds one of them.
$(B)/tests/unit/base/%: $(O)/tests/unit/base/%.o $(call lib,base)
	@mkdir -p $(@D)
	$(LINK) -lcmocka
$(B)/tests/unit/wamp/%: $(O)/tests/unit/wamp/%.o $(call lib,wamp base)
	@mkdir -p $(@D)
	$(LINK) -lcmocka $(SYS_wamp) -lcbor
$(B)/tests/unit/crypto/%: $(O)/tests/unit/crypto/%.o $(call lib,crypto wamp base)
	@mkdir -p $(@D)
	$(LINK) -lcmocka $(SYS_crypto) $(SYS_wamp)
NET_TEST_OBJ := $(call objs,$(filter-out tests/unit/net/test_%, \
	$(wildcard tests/unit/net/*.c)))
$(B)/tests/unit/net/%: $(O)/tests/unit/net/%.o $(NET_TEST_OBJ) $(NET_LIBS)
	@mkdir -p $(@D)
	$(LINK) -lcmocka $(NET_SYS)
$(B)/tests/unit/compute/%: $(O)/tests/unit/compute/%.o $(call lib,compute base)
	@mkdir -p $(@D)
	$(LINK) -lcmocka $(SYS_compute)
$(B)/tests/vectors/generate: $(O)/tests/vectors/generate.o $(call lib,compute base)
	@mkdir -p $(@D)
	$(LINK) $(SYS_compute)
$(B)/tests/unit/router/%: $(O)/tests/unit/router/%.o $(call lib,router) $(NET_LIBS)
	@mkdir -p $(@D)
	$(LINK) -lcmocka $(NET_SYS) -lz -lqrencode
$(B)/tests/unit/coordinator/%: $(O)/tests/unit/coordinator/%.o $(call lib,coordinator compute) $(NET_LIBS)
	@mkdir -p $(@D)
	$(LINK) -lcmocka $(NET_SYS) $(SYS_coordinator) $(SYS_compute)
$(B)/tests/unit/worker/%: $(O)/tests/unit/worker/%.o $(call lib,worker compute) $(NET_LIBS)
	@mkdir -p $(@D)
	$(LINK) -lcmocka $(NET_SYS) $(SYS_compute)
$(B)/tests/sim/%: $(O)/tests/sim/%.o $(call lib,coordinator compute) $(NET_LIBS)
	@mkdir -p $(@D)
	$(LINK) -lcmocka $(NET_SYS) $(SYS_coordinator) $(SYS_compute)

# --- pages: WebAssembly, bundles, the list of places -----------------------
# They are the same under SANITIZE, and are built beside the plain programs.
W := $(patsubst %/asan,%,$(B))
WEB_SRC := $(wildcard web/*.js web/*.html web/*.svg web/*/*.js web/*/*.css) \
	web/package-lock.json
WASM_SRC := $(BASE_SRC) $(WAMP_SRC) $(COMPUTE_SRC) $(wildcard worker/*.c worker/*/*.c) \
	$(wildcard lib/base/*.h lib/wamp/*.h compute/*.h compute/*/*.h worker/*.h worker/*/*.h)
pages: $(W)/web/worker.wasm $(W)/web/index.html $(W)/places.tsv
$(W)/web/worker.wasm: scripts/wasm $(WASM_SRC)
	scripts/wasm $(W)/web
$(W)/web/index.html: scripts/pages $(WEB_SRC) $(W)/web/worker.wasm
	scripts/pages $(W)/web
$(W)/places.tsv: scripts/places.mjs web/package-lock.json
	@mkdir -p $(@D)
	node scripts/places.mjs > $@.new && mv $@.new $@

# RUN comes through the environment and is split at blanks: a job's ? and & mean
# nothing to the shell.
run: all
	@set -f; exec scripts/run $$RUN

.PHONY: test-setup
test-setup:
	@scripts/setup test
test: test-setup
	@$(MAKE) --no-print-directory programs pages unit
	@tests/run.mjs --build $(B) $(if $(SANITIZE),--sanitize) $(SUITES)

# --- fuzzing: tests/fuzz/fuzz_*.c, each a program of libFuzzer's ------------
# What it finds goes to $(B)/fuzz, never to the committed corpus.
FUZZ_SECONDS ?= 10
FUZZ_NAMES ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
.PHONY: fuzz
fuzz:
	@scripts/fuzz needs
	@$(MAKE) --no-print-directory FUZZ=1 B=$(B)/fuzz \
		CC="$(filter %ccache,$(CC)) clang" \
		$(patsubst %,$(B)/fuzz/fuzz_%,$(FUZZ_NAMES))
	@scripts/fuzz run $(B)/fuzz $(FUZZ_SECONDS) $(FUZZ_NAMES)
$(B)/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(call lib,router) $(NET_LIBS)
	$(LINK) -fsanitize=fuzzer -lcmocka $(NET_SYS) -lz -lqrencode

# --- benchmarks: they print figures, and decide nothing --------------------
.PHONY: bench
bench: all $(B)/bench/crowd $(B)/bench/tsp_bench
	node tests/bench/system.mjs
	$(B)/bench/crowd
# What a router costs: tests/bench/README.md. ROUTER="--router URL" measures one
# that runs; bench-peers sets up other routers, and measures them beside ours.
.PHONY: bench-router bench-peers test-routers test-aat interop-table
# The demo's programs on other routers, which are installed for it; the table
# of the README is made of what the interop tests saw.
test-routers: programs pages
	@scripts/setup peers
	MANYHANDS_BUILD=$(abspath $(B)) node tests/interop/routers/run.mjs
# Other routers' own tests, judging ours: tests/interop/peers_suites/README.md.
test-aat: programs
	MANYHANDS_BUILD=$(abspath $(B)) tests/interop/peers_suites/nexus.mjs
	MANYHANDS_BUILD=$(abspath $(B)) tests/interop/peers_suites/xconn.mjs
interop-table:
	MANYHANDS_BUILD=$(abspath $(B)) node tests/interop/table.mjs
bench-router: programs $(B)/bench/relay
	@set -f; node tests/bench/router.mjs $$ROUTER
bench-peers: programs $(B)/bench/relay
	@scripts/setup peers
	node tests/bench/peers.mjs
$(B)/bench/%: $(O)/tests/bench/%.o $(call lib,coordinator compute) $(NET_LIBS)
	@mkdir -p $(@D)
	$(LINK) $(NET_SYS) $(SYS_coordinator) $(SYS_compute)

clean:
	rm -rf $(B)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
