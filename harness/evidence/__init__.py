"""Typed run events, verdicts, blame and the stored bytes they point at."""
