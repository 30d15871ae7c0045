"""Which behaviour a scenario chose for a party, with its own options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import ConfigurationError, nearest
from harness.transport.network import Party
from simulators.participants.behaviours import BEHAVIOURS, Behaviour


def chosen(options: Mapping[str, Any], party: Party, *, where: str) -> tuple[Behaviour, dict[str, Any]]:
    """Return the behaviour that ``options["name"]`` names, and its own options.

    Raises ConfigurationError for an unknown name or option and for a role that the behaviour does not fit.
    """
    rest = dict(options)
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
    return found, rest
