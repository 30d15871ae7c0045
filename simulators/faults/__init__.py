"""Faults on request: what is done to whose calls on which channel, off by default, every one on record.

`kinds` holds the registry, `plan` what is switched on and what was done. `front` does it to requests that
come in, at the hub and at the simulated parties' webhooks; `simulators.dip.carrier` to the hub's own calls.
"""
