"""Connectivity proving and webhook conduct of one participant, with a verdict and blame for each check."""
