"""One scenario instance while it runs: what steps see of the world, and what they leave behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.clock import Clock
from harness.errors import ConfigurationError
from harness.evidence.events import AssumptionUsed, CheckMade, InstanceEvent
from harness.evidence.log import EventLog
from harness.evidence.store import EvidenceStore
from harness.evidence.verdicts import Blame
from harness.scenarios.given import Cast, Recipient
from harness.scenarios.instance import Instance
from harness.scenarios.publications import Publication
from harness.scenarios.texts import Words
from harness.security.trust import Trust
from harness.settings import Setting, Settings
from harness.spec.release import Release
from harness.spec.routing import Routing
from harness.transport.client import Answer, DipClient
from harness.transport.network import Party
from harness.transport.target import Target

HUB = "DIP"
_YES = ("yes", "true", "y")


@dataclass(frozen=True, slots=True)
class Bench:
    """What every instance of a process shares."""

    run: str
    target: Target
    routing: Routing
    settings: Settings
    clock: Clock
    log: EventLog
    store: EvidenceStore
    trust: Trust
    """Whom the harness trusts to have signed a publication."""
    client: Callable[[str], DipClient]
    """The client for a release."""
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LastSend:
    """The last request: its messages' places in ``Instance.sent``, who must receive them, and the answer."""

    indexes: tuple[int, ...]
    recipients: tuple[Recipient, ...]
    answer: Answer
    valid: bool
    """Whether the harness itself finds every message valid under the release."""
    departs: bool
    """Whether the step sent something deliberately wrong."""
    carrier: Party | None = None
    """The connection provider whose certificates carried the request."""
    doubtful: tuple[str, ...] = ()
    """Places of the messages whose validity is a matter of reading."""


class NotApplicable(Exception):
    """A step has no meaning for this message or network, for instance no field to mutate."""


class Blocked(Exception):
    """What a scenario takes as given does not hold: test data are missing, so nothing was tested."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The first condition that did not hold."""

    reason: str
    blame: Blame


class Play:
    """The moving parts of one instance."""

    def __init__(self, bench: Bench, cast: Cast, instance: Instance, release: Release) -> None:
        self.bench = bench
        self.cast = cast
        self.instance = instance
        self.release = release
        self.last: LastSend | None = None
        self.failed: Failed | None = None
        self.waiting: str = ""
        self.faults: list[dict[str, Any]] = []
        """What the target is asked to do wrong now."""
        self.perturbed = False
        """Whether it ever was asked."""
        self.applied: set[bytes] = set()
        """Applied faults that stand in the events."""
        self.settled: dict[str, Any] | None = None
        self.seen: dict[tuple[str, str], Any] = {}
        self.publications: list[Publication] = []
        """All that arrived up to the last wait."""
        self.problems = 0
        """How many problems of simulated parties were judged."""
        self.down: Party | None = None
        """The recipient that a twin made unreachable; ``back``: it has come up again."""
        self.back = False
        self.replayed: set[tuple[str, str]] = set()
        """(transaction id, recipient) of what a twin had replayed."""
        self._assumed: set[str] = set()

    @property
    def words(self) -> Words:
        """What may stand in braces now."""
        return self.cast.words(self.bench.clock.now())

    def text(self, text: str) -> str:
        """Fill what stands in braces; raises ConfigurationError for what names nothing."""
        return self.words.text(text) if "{" in text else text

    def answer(self, question: str) -> str:
        """Return a person's answer, ``yes`` where it is one; empty where there is none yet."""
        answers, of_case = self.bench.answers, f"{self.cast.case.id}: {question}"
        answer = (answers.get(question) or answers.get(of_case) or "").strip()
        return "yes" if answer.lower() in _YES else answer

    def event(self, event: InstanceEvent) -> None:
        """Write an event of this instance."""
        self.bench.log.write(event)

    def check(
        self,
        title: str,
        passed: bool,
        *,
        expected: str,
        actual: str,
        rule: str,
        blame: Blame | None = None,
        key: str = "",
        hint: str = "",
        severity: str = "error",
    ) -> bool:
        """Judge one condition; the first failed error decides the instance's reason and blame."""
        if not passed and severity == "error" and self.failed is None:
            if blame is None:
                raise ValueError(f"the check '{title}' failed without saying whose move it is")
            self.failed = Failed(f"{title}: expected {expected}, got {actual}", blame)
        self.event(
            CheckMade(
                case=self.cast.case.key,
                title=title,
                passed=passed,
                severity=severity,
                expected=expected,
                actual=actual,
                rule=rule,
                blame=None if passed or blame is None else blame.as_dict(),
                key=key or title,
                hint="" if passed else hint,
            )
        )
        return passed

    def lean_on(self, name: str, text: str, basis: str) -> None:
        """Record once that the verdict leans on something that is not published."""
        if basis == "published" or name in self._assumed:
            return
        self._assumed.add(name)
        self.event(AssumptionUsed(case=self.cast.case.key, name=name, text=text, basis=basis))

    def resolve(self, text: str) -> str:
        """Return a literal, or the value of ``setting:NAME``, which then counts as leaned on."""
        if not text.startswith("setting:"):
            return text
        setting = self.setting(text.removeprefix("setting:"))
        return str(setting.value)

    def setting(self, name: str) -> Setting:
        """Return a setting and record that the verdict leans on it; raises ConfigurationError."""
        if name not in self.bench.settings:
            raise ConfigurationError(f"'{name}' is no setting", where=str(self.cast.case.scenario.file))
        setting = self.bench.settings[name]
        self.lean_on(
            f"setting:{name}", f"{name} = {setting.value} ({setting.unit}): {setting.reason}", setting.basis
        )
        return setting

    def lean_on_rows(self, recipients: tuple[Recipient, ...]) -> None:
        """Record the routing rows that the expectation of recipients stands on."""
        case = self.cast.case
        for recipient in recipients:
            row = recipient.row
            self.lean_on(
                f"routing:{case.interface}/{case.event}/{row.role}",
                f"{row.role} receives {case.interface} [{case.event}] as {row.tier} recipient"
                + (f", {row.condition}" if row.condition else ""),
                row.basis,
            )
