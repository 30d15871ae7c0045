"""The checks, one module per subject. A module that lies here is loaded; nothing lists it."""
