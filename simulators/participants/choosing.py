"""Which behaviour a scenario chose for a party, with its own options, and the faults seeded into it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from harness.errors import ConfigurationError, nearest
from harness.transport.network import Party
from simulators.participants.behaviours import BEHAVIOURS, Behaviour
from simulators.participants.seeded import FAULTS, Fault, Seeded
from simulators.participants.watching import WHICH, Watched

VARIABLE = "DIP_SEEDED"
"""Environment variable: faults for every party whose role they fit."""


def chosen(options: Mapping[str, Any], party: Party, *, where: str) -> tuple[Behaviour, dict[str, Any]]:
    """Return the behaviour that ``options["name"]`` names, and its own options.

    Raises ConfigurationError for an unknown name, option or seeded fault and for a role that the behaviour or
    the fault does not fit.
    """
    rest = dict(options)
    watches = rest.get("seeded") == WHICH
    if watches:
        del rest["seeded"]
    faults = seeded_faults(rest.pop("seeded", None), party, where=where)
    name = rest.pop("name", None)
    if not isinstance(name, str) or name not in BEHAVIOURS:
        raise ConfigurationError(
            f"'{name}' is no behaviour", where=where, mend=nearest(str(name), BEHAVIOURS)
        )
    found = BEHAVIOURS[name]
    if party.role not in found.roles:
        roles = ", ".join(sorted(found.roles))
        raise ConfigurationError(f"{party.dip_id} is {party.role}; '{name}' is for {roles}", where=where)
    for option in rest:
        if option not in found.options:
            raise ConfigurationError(
                f"'{option}' is no option of '{name}'", where=where, mend=nearest(option, found.options)
            )
    if watches:
        fitting = tuple(fault for fault in FAULTS.values() if party.role in fault.roles)
        return Watched(found, fitting), rest
    return (Seeded(found, faults) if faults else found), rest


def seeded_faults(wanted: object, party: Party, *, where: str) -> tuple[Fault, ...]:
    """Return the faults that the option ``seeded`` names, and those of ``DIP_SEEDED`` that fit the role.

    Raises ConfigurationError for an unknown name and for an option that does not fit the role.
    """
    own = wanted if isinstance(wanted, list) else [] if wanted is None else [wanted]
    everywhere = [name.strip() for name in os.environ.get(VARIABLE, "").split(",") if name.strip()]
    found: dict[str, Fault] = {}
    for name in (*own, *everywhere):
        fault = FAULTS.get(str(name))
        if fault is None:
            raise ConfigurationError(
                f"'{name}' is no seeded fault", where=where, mend=nearest(str(name), FAULTS)
            )
        if party.role in fault.roles:
            found[fault.name] = fault
        elif name in own:
            roles = ", ".join(sorted(fault.roles))
            raise ConfigurationError(f"the fault '{name}' is for {roles}, not {party.role}", where=where)
    return tuple(found.values())
