"""Registers the harness plugin when the distribution's own entry point has not done so."""

pytest_plugins = ["harness.plugin"]
