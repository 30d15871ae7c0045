"""Benchmarks of the simulators: each measures its limit in the same run."""
