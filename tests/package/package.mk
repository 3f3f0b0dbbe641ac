# The installable app and its inspection. TARGET takes another platform where this Rust can build for it.

PACKAGE_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

.PHONY: package inspect

package: ## The installable app, dist/unseen-<version>.tar.gz. TARGET=… for another platform.
	@python3 -B $(PACKAGE_DIR)/build.py $(TARGET)

inspect: package ## What Splunk's own tools and our checks say of that package.
	@python3 -B $(PACKAGE_DIR)/inspection.py
