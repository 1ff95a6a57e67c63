# A checkout, make and Python 3.11 or newer are enough: every target first makes .venv from the locked packages.
#   make run                        start the server             make run ARGS="--port 8001"
#   make test                       every test, both databases   make test ARGS="-k like"
#   make faults                     kill -9, outages, full disks, races: one table (tests/faults/README.md)
#   make fuzz                       10,000 made-up requests, both databases
#   make bench                      what requests cost, both databases, into docs/performance.md (needs wrk)
#   make bench-growth               how cost grows: 5,000 followed, 5 million tweets, 1 million followers
#   make container-check            the image's steps, and a server from them, without a container engine
#   make audit                      known weaknesses of the locked packages, and their bill of materials (SECURITY.md)
#   make lint                       every check                  make format    write what the formatter wants
#   make e2e                        the web client in a real browser
#   make screenshots                docs/screenshots, from a demo instance
#   make messages                   the translations of pages and mails: what is new in the texts, and the compiled files
#   make docs                       openapi.yaml and docs/configuration.md, from the code
#   make lock                       requirements/*.txt, from pyproject.toml (needs uv)
PYTHON ?= python3
ARGS ?=

# Each recipe becomes the program it starts (exec), so that Ctrl-C and a SIGTERM sent to make reach that program.
# -I and -S keep the caller's Python settings out, and the start short.
IN_RUN_ENVIRONMENT := exec $(PYTHON) -I -S tools/bootstrap.py run
IN_DEV_ENVIRONMENT := exec $(PYTHON) -I -S tools/bootstrap.py dev
IN_BENCH_ENVIRONMENT := exec $(PYTHON) -I -S tools/bootstrap.py bench

.PHONY: run test faults fuzz bench bench-growth container-check audit lint format docs lock e2e screenshots messages

run:
	@$(IN_RUN_ENVIRONMENT) .venv/bin/minitwitter run $(ARGS)

test:
	@$(IN_DEV_ENVIRONMENT) .venv/bin/python tools/run_tests.py $(ARGS)

faults:
	@$(IN_DEV_ENVIRONMENT) .venv/bin/python -m tests.faults $(ARGS)

fuzz:
	@$(IN_DEV_ENVIRONMENT) .venv/bin/python tools/fuzz.py $(ARGS)

bench:
	@$(IN_BENCH_ENVIRONMENT) .venv/bin/python -m benchmarks $(ARGS)

bench-growth:
	@$(IN_BENCH_ENVIRONMENT) .venv/bin/python -m benchmarks.growth $(ARGS)

container-check:
	@$(IN_DEV_ENVIRONMENT) .venv/bin/python tools/container_check.py

audit:
	@$(IN_DEV_ENVIRONMENT) .venv/bin/python tools/audit.py $(ARGS)

lint:
	@$(IN_DEV_ENVIRONMENT) .venv/bin/python tools/lint.py $(ARGS)

format:
	@$(IN_DEV_ENVIRONMENT) .venv/bin/python tools/lint.py --fix

e2e:
	@$(IN_DEV_ENVIRONMENT) .venv/bin/python tools/browser.py e2e $(ARGS)

screenshots:
	@$(IN_DEV_ENVIRONMENT) .venv/bin/python tools/browser.py screenshots $(ARGS)

messages:
	@$(IN_DEV_ENVIRONMENT) .venv/bin/python tools/messages.py

docs:
	@$(IN_DEV_ENVIRONMENT) .venv/bin/python tools/write_docs.py

LOCK := uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml --group build
lock:
	$(LOCK) -o requirements/run.txt
	$(LOCK) --group dev -c requirements/run.txt -o requirements/dev.txt
	$(LOCK) --group dev --group bench -c requirements/dev.txt -o requirements/bench.txt
