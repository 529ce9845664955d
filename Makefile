# Copyright: Contributors to the configmgr.osd project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The only entry to every check. Needs make, git and a Python 3.11 or later with venv; everything else is
# installed under .build/ from the package index, as the lock files in requirements/ say.

PYTHON ?= python3
CHECK = $(PYTHON) tests/tools/check.py

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint docs-lint sanity unit playbooks matrix build importer faults fuzz soak bench screenshots locks clean

help: ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r target what; \
		do printf '%-18s %s\n' "$$target" "$$what"; done

setup: ## install what the checks need (under .build/)
	@$(PYTHON) tests/tools/environments.py

demo: setup ## start the simulated site and run the demonstration playbooks
	@$(CHECK) demo

test: ## every check, as .ci/run calls it; prints the seconds of each stage
	@$(CHECK) test

lint: setup ## ruff, the rules for text files, ansible-lint (production profile)
	@$(CHECK) lint

docs-lint: setup ## antsibull-docs over plugin docs and guides, the changelog, the docs site
	@$(CHECK) docs-lint

sanity: setup ## ansible-test sanity on the newest and the oldest ansible-core
	@$(CHECK) sanity

unit: setup ## unit tests (ARGS="-k name" goes to pytest)
	@$(CHECK) unit -- $(ARGS)

playbooks: setup ## playbook tests on the newest ansible-core over both connections (ARGS goes to pytest)
	@$(CHECK) playbooks -- $(ARGS)

matrix: ## all playbook tests and sanity on every ansible-core that has a Python here
	@$(CHECK) matrix

build: setup ## build the artifact, compare its contents with the allow-list, install it offline
	@$(CHECK) build

importer: setup ## galaxy-importer on the built artifact
	@$(CHECK) importer

faults: setup ## every kind of fault at every request of every module that writes (make test runs a sample)
	@$(CHECK) faults -- $(ARGS)

fuzz: setup ## the property-based tests with many more examples and a new seed each time
	@$(CHECK) fuzz -- $(ARGS)

soak: setup ## the smoke ladders over and over for CONFIGMGR_SOAK_SECONDS (default 1800)
	@$(CHECK) soak -- $(ARGS)

bench: setup ## the figures of the README, printed; asserts nothing about wall time
	@$(CHECK) bench

screenshots: setup ## draw the picture of the report guide again (needs chromium)
	@$(CHECK) screenshots

locks: ## resolve requirements/*.in anew and write the lock files
	@$(PYTHON) tests/tools/environments.py --locks

clean: ## remove everything that the checks made
	rm -rf .build tests/output
