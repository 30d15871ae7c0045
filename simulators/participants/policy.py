"""How a party answers a question, as a scenario wishes it: accept, refuse, late, silent, wrong.

The option ``answers`` of a behaviour maps an event (``MSAppSPRequest``), an interface (``IF-033``) or ``*``
to a policy; the most particular one decides. A policy is a word or a mapping::

    accept | reject | silent | SP004         the same as {response: ...}
    {response: SP004}                         refuse, with a published code where the answer has one
    {after: "86400"}                          seconds on the simulated clock
    {set: {B070.appointmentScenario: USP}}    single places of the answer: a wrong MPAN, date, reference, code
    {to: ["2200000002"]}                      other primary recipients
    {times: "2"}                              the same answer again, under a reference of its own
    {correlated: "false"}                     without S1.senderCorrelationID
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from harness.errors import ConfigurationError, nearest
from harness.messages.overrides import segments
from simulators.participants.behaviours import Outgoing

ACCEPT, REJECT, SILENT = "accept", "reject", "silent"
WORDS = (ACCEPT, REJECT, SILENT)
_KEYS = frozenset({"response", "message", "after", "set", "to", "times", "correlated"})
_LONGEST = timedelta(days=3650)
_MOST = 100
ANY = "*"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a party does with one kind of question."""

    response: str = ACCEPT
    """``accept``, ``reject``, ``silent`` or a published response code."""
    message: str = ""
    """The text of a refusal that has no published code."""
    after: timedelta = timedelta()
    places: Mapping[str, object] = field(default_factory=dict)
    """Single places of the answer."""
    to: tuple[str, ...] | None = None
    """DIP ids of the primary recipients, where they differ."""
    times: int = 1
    correlated: bool = True

    @property
    def silent(self) -> bool:
        """Whether the party says nothing."""
        return self.response == SILENT

    @property
    def accepts(self) -> bool:
        """Whether the answer is an acceptance."""
        return self.response == ACCEPT or self.response.endswith("000")

    def applied(self, message: Outgoing) -> tuple[Outgoing, ...]:
        """Return the answers that go out in place of the right one."""
        changed = replace(
            message,
            primary=message.primary if self.to is None else self.to,
            places={**message.places, **self.places},
            correlation=message.correlation if self.correlated else None,
        )
        return (changed,) * self.times


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies of a party, by event, interface or ``*``."""

    by_name: Mapping[str, Policy] = field(default_factory=dict)

    def of(self, interface: str, event: str) -> Policy:
        """Return the policy for a question: the event's, else the interface's, else that for any."""
        for name in (event, interface, ANY):
            if name in self.by_name:
                return self.by_name[name]
        return Policy()


def policies(answers: object, known: Mapping[str, frozenset[str]], *, where: str) -> Policies:
    """Read the option ``answers``; ``known`` holds by event and interface the codes that may answer it.

    Raises ConfigurationError for an unknown question, key, word or code.
    """
    if not isinstance(answers, Mapping):
        raise ConfigurationError(
            "answers is no mapping", where=where, mend="Write {IF-033: {response: SP004}}."
        )
    found = {}
    for name, wanted in answers.items():
        place = f"{where}: answers: {name}"
        if name != ANY and name not in known:
            raise ConfigurationError(
                "is no question that it answers", where=place, mend=nearest(str(name), [*known, ANY])
            )
        codes = known[name] if name != ANY else frozenset().union(*known.values())
        found[str(name)] = _policy(wanted, codes, place)
    return Policies(found)


def _policy(wanted: object, codes: frozenset[str], where: str) -> Policy:
    if isinstance(wanted, str):
        wanted = {"response": wanted}
    if not isinstance(wanted, Mapping):
        raise ConfigurationError("is neither a word nor a mapping", where=where)
    for key in wanted:
        if key not in _KEYS:
            raise ConfigurationError(f"'{key}' is no key", where=where, mend=nearest(str(key), _KEYS))
    response = str(wanted.get("response", ACCEPT))
    if response not in WORDS and response not in codes:
        raise ConfigurationError(
            f"'{response}' is no answer to it", where=where, mend=nearest(response, [*WORDS, *codes])
        )
    return Policy(
        response=response,
        message=str(wanted.get("message", "")),
        after=timedelta(seconds=number(wanted.get("after", 0), f"{where}: after", _LONGEST.total_seconds())),
        places=places(wanted.get("set", {}), f"{where}: set"),
        to=_dip_ids(wanted.get("to"), f"{where}: to"),
        times=int(number(wanted.get("times", 1), f"{where}: times", _MOST)),
        correlated=flag(wanted.get("correlated", True), f"{where}: correlated"),
    )


def number(value: object, where: str, most: float) -> float:
    """Return a number from 0 to ``most``; raises ConfigurationError for anything else."""
    try:
        found = float(str(value))
    except ValueError:
        found = -1.0
    if not 0 <= found <= most:
        raise ConfigurationError(f"is {value!r}, expected a number from 0 to {most:g}", where=where)
    return found


def flag(value: object, where: str) -> bool:
    """Return true or false, written as such; raises ConfigurationError for anything else."""
    words = {"true": True, "yes": True, "false": False, "no": False}
    found = words.get(str(value).lower())
    if found is None:
        raise ConfigurationError(f"is {value!r}, expected true or false", where=where)
    return found


def places(value: object, where: str) -> dict[str, object]:
    """Return places of a message with their values; raises ConfigurationError for a path that is none."""
    if not isinstance(value, Mapping):
        raise ConfigurationError("is no mapping of places to values", where=where)
    for path in value:
        segments(str(path))
    return {str(path): inner for path, inner in value.items()}


def _dip_ids(value: Any, where: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise ConfigurationError("is no list of DIP ids", where=where)
    return tuple(str(dip_id) for dip_id in value)
