"""A check: one question to the participant's system, with its source, and what came of asking it.

A check is a function of a `Context` that yields findings, one per condition. It registers itself::

    @check(
        id="config.key-matches-certificate",
        part="configuration",
        title="Each private key belongs to its certificate",
        rule="RFC 8446 4.4.3: the key signs in the certificate's name",
        basis="published",
        after=["config.files-readable"],
    )
    def key_matches(context: Context) -> Iterator[Finding]: ...

A check that can't be judged raises `Omit` (something that it needs is not there) or `Skip` (a person's
decision).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Literal

from harness.errors import ConfigurationError, HarnessError, nearest
from harness.evidence.verdicts import Blame, BlameClass, Verdict

if TYPE_CHECKING:
    from harness.selfcheck.context import Context

PARTS = {
    "configuration": "Configuration",
    "connectivity": "Connectivity",
    "signing": "Signing",
    "webhook": "Webhook conduct",
    "interfaces": "Interfaces",
    "recovery": "Outage and rotation",
}
"""The parts of a self-check in their order, with their titles."""

Basis = Literal["published", "third-party", "assumed"]
ADVISORY = "advisory"
"""How a passed check with advice is shown; its verdict is pass."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition that was judged.

    ``severity`` ``error`` makes the check fail, ``advice`` does not. ``unclear`` says that the condition
    could not be judged: the check is then inconclusive.
    """

    title: str
    passed: bool
    expected: str = ""
    actual: str = ""
    hint: str = ""
    """How to mend it."""
    severity: Literal["error", "advice"] = "error"
    unclear: bool = False
    blame: Blame | None = None
    """Whose move it is, where it is not the check's usual one."""
    key: str = ""
    """Stable text to group equal failures by."""
    rule: str = ""
    """Where the expectation comes from, where it is not the check's own rule."""


def held(title: str, actual: str = "") -> Finding:
    """Return a condition that holds."""
    return Finding(title, True, actual=actual)


def failed(
    title: str,
    *,
    expected: str,
    actual: str,
    hint: str,
    blame: Blame | None = None,
    key: str = "",
    rule: str = "",
) -> Finding:
    """Return a condition that does not hold."""
    return Finding(title, False, expected, actual, hint, blame=blame, key=key, rule=rule)


def advised(title: str, *, expected: str, actual: str, hint: str, key: str = "", rule: str = "") -> Finding:
    """Return something that is worth a thought and fails nothing."""
    return Finding(title, False, expected, actual, hint, severity="advice", key=key, rule=rule)


def unclear(title: str, *, actual: str, hint: str, blame: Blame | None = None) -> Finding:
    """Return a condition that could not be judged."""
    return Finding(title, False, actual=actual, hint=hint, unclear=True, blame=blame)


def untried(title: str, why: str) -> Finding:
    """Return a condition that could not be judged since the simulated DIP did not do its part."""
    return unclear(
        title, actual=why, hint="See the log of the simulated DIP.", blame=Blame(BlameClass.HARNESS)
    )


class Omit(Exception):
    """Raised by a check that needs something which the profile or the situation lacks; says what."""

    def __init__(self, reason: str, blame: Blame | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.blame = blame or Blame(BlameClass.CONFIGURATION)


class Skip(Exception):
    """Raised by a check that a person's decision leaves out; says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Check:
    """A registered check."""

    id: str
    part: str
    title: str
    rule: str
    """The clause or the source that it rests on."""
    basis: Basis
    blame: BlameClass
    """Where the cause of a failure usually lies."""
    after: tuple[str, ...]
    """Checks that must have passed, or it can't be judged."""
    online: bool
    """Whether it needs the network."""
    function: Callable[[Context], Iterable[Finding]]
    order: int = 0

    @property
    def why(self) -> str:
        """What it is for, in the words of its docstring."""
        return " ".join((self.function.__doc__ or "").split())


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check."""

    check: Check
    verdict: Verdict
    reason: str = ""
    blame: Blame | None = None
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    blocked_by: str = ""
    """The id of the check whose failure keeps this one from being judged."""
    evidence: tuple[str, ...] = ()
    """SHA-256 of the bytes that were sent and received for it."""

    @property
    def shown(self) -> str:
        """The verdict as people read it: a pass with advice is ``advisory``."""
        return ADVISORY if self.verdict is Verdict.PASS and self.advice else self.verdict.value

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The conditions that did not hold."""
        return tuple(each for each in self.findings if not each.passed and each.severity == "error")

    @property
    def advice(self) -> tuple[Finding, ...]:
        """What is worth a thought."""
        return tuple(each for each in self.findings if not each.passed and each.severity == "advice")

    @property
    def expected(self) -> str:
        """What the first condition that did not hold expects."""
        return self.failures[0].expected if self.failures else ""

    @property
    def actual(self) -> str:
        """What it met."""
        return self.failures[0].actual if self.failures else ""

    @property
    def hint(self) -> str:
        """How to mend it."""
        return self.failures[0].hint if self.failures else ""


_REGISTRY: dict[str, Check] = {}
_IN_ORDER: dict[int, tuple[Check, ...]] = {}
"""What `checks` found, by how many checks there were."""


def check(
    *,
    id: str,  # noqa: A002 - the word of the reports
    part: str,
    title: str,
    rule: str,
    basis: Basis,
    blame: BlameClass = BlameClass.PARTICIPANT,
    after: Sequence[str] = (),
    online: bool = True,
) -> Callable[[Callable[[Context], Iterable[Finding]]], Callable[[Context], Iterable[Finding]]]:
    """Register a check. A part or an id that can't be, or an id that is there already, fails at import."""
    if part not in PARTS:
        raise HarnessError(f"check {id}: no part is called '{part}'", mend=nearest(part, PARTS))
    if id in _REGISTRY:
        raise HarnessError(f"two checks are called {id}")

    def register(
        function: Callable[[Context], Iterable[Finding]],
    ) -> Callable[[Context], Iterable[Finding]]:
        if not function.__doc__:
            raise HarnessError(f"check {id} does not say what it is for")
        _REGISTRY[id] = Check(
            id, part, title, rule, basis, blame, tuple(after), online, function, len(_REGISTRY)
        )
        return function

    return register


def checks() -> tuple[Check, ...]:
    """Return every check, by part, each after those that it depends on."""
    package = import_module("harness.selfcheck.checks")
    for module in iter_modules(package.__path__):
        import_module(f"harness.selfcheck.checks.{module.name}")
    found = _IN_ORDER.get(len(_REGISTRY))
    if found is None:
        found = _IN_ORDER[len(_REGISTRY)] = tuple(_ordered(_REGISTRY))
    return found


def find(name: str) -> tuple[Check, ...]:
    """Return the checks that an id or the beginning of ids (``config``, ``config.key``) means, or a part.

    Raises ConfigurationError for a name that means none.
    """
    every = checks()
    found = tuple(each for each in every if name in (each.id, each.part) or each.id.startswith(name + "."))
    if not found:
        known = [each.id for each in every]
        raise ConfigurationError(f"'{name}' is no check and no part", mend=nearest(name, [*known, *PARTS]))
    return found


def _ordered(registry: dict[str, Check]) -> Iterator[Check]:
    rank = {part: number for number, part in enumerate(PARTS)}
    waiting = sorted(registry.values(), key=lambda each: (rank[each.part], each.order))
    done: set[str] = set()
    for each in waiting:
        for name in each.after:
            if name not in registry:
                raise HarnessError(f"check {each.id} comes after {name}, which is none")
    while waiting:
        ready = next((each for each in waiting if done.issuperset(each.after)), None)
        if ready is None:
            raise HarnessError(f"checks wait for one another: {', '.join(each.id for each in waiting)}")
        waiting.remove(ready)
        done.add(ready.id)
        yield replace(ready, order=len(done))
