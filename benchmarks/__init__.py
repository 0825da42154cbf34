"""Measurements of what a release must hold: `make bench`, or `make bench ARGS=--quick`."""
