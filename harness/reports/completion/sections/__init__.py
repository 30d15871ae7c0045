"""The wording of a completion report, section by section."""
