"""The hub's store in PostgreSQL, for as many processes and hosts as there are."""
