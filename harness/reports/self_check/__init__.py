"""A self-check for people and programs: ready or not, what to mend first, and each check with its reason."""
