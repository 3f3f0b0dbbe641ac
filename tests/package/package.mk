# The installable app and its inspection. TARGET takes another platform where this Rust can build for it.

PACKAGE_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

.PHONY: package inspect

## package: the installable app, dist/unseen-<version>.tar.gz
package:
	@python3 -B $(PACKAGE_DIR)/build.py $(TARGET)

## inspect: what Splunk's own tools and our checks say of that package
inspect: package
	@python3 -B $(PACKAGE_DIR)/inspection.py
