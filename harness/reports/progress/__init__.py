"""Readiness and progress: what can start, and how far a cycle is against its plan."""
