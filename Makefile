# The commands of the project. `make run` and `make test` need Python 3.11 or newer and make, and nothing set up before.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE := 1
# Between them they call every script and every pipeline.
ON_A_CLUSTER := $(addprefix tests/,journeys api/test_limits.py services/test_codes.py services/test_budgets.py services/test_breakers.py \
  services/test_vendor_windows.py services/test_pending_receipts.py gateways/test_polled_receipts.py)

.DEFAULT_GOAL := help

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

run: $(VENV)/run ## Start the server on http://127.0.0.1:5000 (settings: docs/configuration.md)
	@for vendor in tencent aliyun; do \
	  { env; cat .env 2>/dev/null; } | grep -qE "^(SMS_GATEWAYS|SMS_ROUTES)=.*$$vendor" || continue; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-$$vendor.txt || exit 1; \
	done
	@{ env; cat .env 2>/dev/null; } | grep -qE "^OTEL_EXPORTER_OTLP_ENDPOINT=." || exit 0; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-otel.txt
	@exec $(BIN)/python -m api.serve

accelerate: $(VENV)/run ## Build argon2 for processors with AVX2: hashes in little more than half the time; needs a C compiler and Python's headers
	@./accelerate.sh $(VENV)

migrate: $(VENV)/run ## Bring the database of DATABASE_URL to the newest schema
	@$(BIN)/python -m api.migrate

test: servers lint audit ## Everything that must hold; three runs at once, each printed when it is done
	@$(MAKE) --no-print-directory -j3 --output-sync=target test-shop test-postgresql test-mysql test-surface

servers: $(VENV)/dev ## Install what the tests need besides Python packages, where it is missing
	@$(BIN)/python -m tests.servers.install

lint: $(VENV)/dev ## Style, types, and which package may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

audit: $(VENV)/dev ## Known vulnerabilities of what is pinned; says so where the source can't be asked
	@$(BIN)/python -m tests.supply.audit

sbom: $(VENV)/dev ## Write sbom.json, the list of what is shipped (CycloneDX)
	@$(BIN)/python -m tests.supply.sbom sbom.json

SHOP := $(addprefix tests/, faults hostile journeys races services)

test-shop: $(VENV)/dev ## On SQLite, what becomes of accounts, also among crowds, attacks and faults
	$(BIN)/python -m pytest --database sqlite $(SHOP)

test-surface: $(VENV)/dev ## On SQLite, the rest: the API, its contract, pages, gateways, documents, deployment
	$(BIN)/python -m pytest --database sqlite $(addprefix --ignore=,$(SHOP))

ABOUT_ROWS := $(addprefix tests/, api/test_account_commands.py api/test_job_commands.py api/test_notice_commands.py \
	api/test_sms_commands.py faults hostile/test_fields.py journeys races services)

test-postgresql: $(VENV)/dev ## Whatever needs a database, on PostgreSQL
	$(BIN)/python -m pytest --database postgresql --rows-only $(ABOUT_ROWS)

test-mysql: $(VENV)/dev ## Registration, uniqueness and races on MariaDB
	$(BIN)/python -m pytest --database mysql -m mysql -k "not jwt"

test-mysql-whole: $(VENV)/dev ## The whole suite on MariaDB; some hour
	$(BIN)/python -m pytest --database mysql

test-cluster: servers ## Several nodes behind nginx, Sentinels, a Redis Cluster, fail-overs under load; some ten minutes
	$(BIN)/python -m pytest --database postgresql -m cluster tests/cluster
	$(BIN)/python -m pytest --database sqlite --redis cluster $(ON_A_CLUSTER)

test-faults: $(VENV)/dev ## What holds while a part is away, hangs or is stopped
	$(BIN)/python -m pytest --database sqlite tests/faults

bench: $(VENV)/dev servers ## Speed of the hot paths, as ratios
	$(BIN)/python -m bench

bench-sending: $(VENV)/dev servers ## What a slow SMS gateway costs everybody else
	$(BIN)/python -m bench.sending

bench-growth: $(VENV)/dev servers ## What requests cost with up to a million accounts; some half an hour, 5.3 GB of disk
	$(BIN)/python -m bench.growth

bench-attack: $(VENV)/dev servers ## What attacks cost the site, and what honest shoppers feel of them; hours at full size
	$(BIN)/python -m bench.attack

requirements: $(VENV)/dev ## Pin the requirements' .in files anew
	$(BIN)/pip install --quiet uv
	for name in requirements requirements-tencent requirements-aliyun requirements-otel requirements-accelerate requirements-dev; do \
	  $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade --quiet $$name.in -o $$name.txt; \
	done

clean: ## Take away what was made, the data of `make run` excepted
	rm -rf $(VENV) postman/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/run: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 run")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv module is incomplete here. On Debian: apt install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making the environment in $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

.PHONY: help run accelerate migrate test servers lint audit sbom test-shop test-surface test-postgresql test-mysql test-mysql-whole test-cluster test-faults bench bench-sending bench-growth bench-attack requirements clean
