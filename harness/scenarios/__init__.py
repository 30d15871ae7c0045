"""Catalogue files, scenario instances, steps and their verdicts."""
