# Verbs. Everything is built by CMake below build/PRESET.
.PHONY: all check demo test run asan tsan kill-loop dump scale overload e2e-az e2e-boot e2e-replicas e2e-proxy deb deb-test arm64 check-metrics fuzz bench cover format lint generated deps clean

all: deps
	@cmake --preset release >/dev/null
	@cmake --build build/release

# Everything that CI runs.
check:
	@scripts/check

# The story in a minute: evidence made, sent, token answered and verified; then three refusals.
demo: all
	@scripts/demo build/release/bin

# The quick loop: debug build, unit tests.
test:
	@scripts/install-deps check
	@cmake --preset dev >/dev/null
	@cmake --build build/dev
	@ctest --test-dir build/dev --output-on-failure -j 2 -LE clients

run: all
	build/release/bin/attestd --dev --data build/dev-data

asan tsan:
	@scripts/install-deps check
	@cmake --preset $@ >/dev/null
	@cmake --build build/$@
	@ctest --test-dir build/$@ --output-on-failure -j 2 -LE clients

# kill -9 in a loop while changes are written, on SQLite and on PostgreSQL: make kill-loop CYCLES=200
kill-loop:
	@scripts/install-deps check
	@$(MAKE) --no-print-directory all
	@tests/faults/run.sh kill build/release/bin/attestd $(or $(CYCLES),200)

# A dump of PostgreSQL is searched for secrets; a backup goes from PostgreSQL to SQLite and back.
dump:
	@scripts/install-deps check
	@$(MAKE) --no-print-directory all
	@tests/faults/run.sh dump build/release/bin/attestd 1

# Ten thousand providers: make scale COUNT=10000
scale:
	@scripts/install-deps check
	@$(MAKE) --no-print-directory all
	@tests/faults/run.sh scale build/release/bin/attestd $(or $(COUNT),10000)

# Far more attestations than the service can do, while it is managed: make overload S=10
overload:
	@scripts/install-deps check
	@$(MAKE) --no-print-directory all
	@tests/faults/run.sh overload build/release/bin/attestd $(or $(S),10)

# Debian's azure-cli against attestd --dev (about 670 MB of packages).
e2e-az:
	@scripts/install-deps az
	@$(MAKE) --no-print-directory all
	@tests/clients/az.sh build/release/bin/attestd build/release/bin/attestctl

# A virtual machine boots with Secure Boot off and on, and is attested each time (about 75 MB of packages, a minute).
e2e-boot:
	@scripts/install-deps boot
	@$(MAKE) --no-print-directory all
	@tests/boot/boot.sh build/release/bin

# Prometheus' own promtool reads our metrics, the alert rules and their tests, and the dashboard (19 MB of download; one file is kept, in
# build/tools; nothing is installed).
check-metrics: all
	@scripts/check-metrics build/release/bin/attestd build/release/bin/attestctl

# nginx and HAProxy as packaging/proxy has them, between a client and two servers (30 s). Debian starts both when they are installed.
e2e-proxy:
	@scripts/install-deps proxy
	@$(MAKE) --no-print-directory all
	@tests/proxy/run.sh build/release/bin/attestd

# Debian packages in build/deb, looked at by lintian.
deb:
	@scripts/install-deps deb
	@scripts/deb build/deb

# Installed, configured, upgraded, removed and purged in a bare Debian root with a systemd of its own (3 minutes; needs root).
deb-test: deb
	@scripts/install-deps deb-test
	@scripts/deb build/deb-old 0.1.99
	@tests/packages/deb.sh build/deb build/deb-old build/deb-test

# Everything built for arm64, unit tests under qemu (15 minutes; needs root).
arm64:
	@scripts/install-deps arm64
	@tests/packages/arm64.sh build/arm64

# Three replicas, PostgreSQL with a standby, HAProxy: upgrade, kills, failover, a hundred rotations (about seven minutes).
e2e-replicas:
	@scripts/install-deps replicas
	@$(MAKE) --no-print-directory all
	@tests/replicas/run.sh build/release/bin

# make fuzz T=json S=60, or so many executions: make fuzz T=json R=10000000
fuzz:
	@scripts/install-deps check
	@cmake --preset fuzz -DBUILD_TESTING=OFF >/dev/null
	@cmake --build build/fuzz --target fuzz_$(T)
	@scripts/fuzz-kept unpack $(T) build/fuzz/found/$(T)
	build/fuzz/fuzz/fuzz_$(T) $(if $(R),-runs=$(R),-max_total_time=$(or $(S),60)) -print_final_stats=1 $(addprefix -dict=,$(wildcard fuzz/$(T).dict)) build/fuzz/found/$(T) fuzz/corpus/$(T)

bench: all
	@scripts/bench build/release

cover:
	@scripts/install-deps cover
	@scripts/cover

format:
	@scripts/check-format fix

lint:
	@scripts/install-deps lint
	@scripts/lint

# Pages that are made from tables.
generated: all
	@scripts/check-generated build/release/bin fix

deps:
	@scripts/install-deps build

clean:
	rm -rf build
