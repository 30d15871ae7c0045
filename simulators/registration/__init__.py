"""The simulated registration services."""
