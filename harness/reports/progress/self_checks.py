"""What participants found out about their own systems: sealed files of ``dip check run``, verified.

Nothing that a file says of itself is taken: its seal is verified, and ready or not is worked out again from
its events.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.evidence.log import FILE
from harness.evidence.pack.container import PackReader
from harness.evidence.pack.facts import Derive
from harness.evidence.pack.verifying import Verified, verify
from harness.reports.self_check.readiness import Readiness, read
from harness.security.trust import Trust
from harness.settings import current
from harness.stages.plan.model import Plan
from harness.stages.plan.one_party import is_party

PACKS = "*.evidence.zip"
NOT_KNOWN = "not known"
_SYSTEM = "self-test"


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """One sealed file: who, when, on which releases, what came of it, and why it does not count."""

    file: str
    participant: str
    network: tuple[Mapping[str, str], ...]
    day: date | None
    """When it began, UTC; None where the seal is broken, so that nobody knows."""
    releases: tuple[str, ...]
    state: str
    """``ready``, ``not ready`` or ``not known``."""
    sentence: str
    evidence_class: str
    first: tuple[tuple[str, str], ...]
    """What to mend first, and how: three at the most."""
    root: str
    signer: str
    """The subject of the certificate that signed the seal; empty where nobody did."""
    parties: tuple[str, ...] = ()
    """Ids of the plan's parties that it is of."""
    problems: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "file": self.file,
            "participant": self.participant,
            "parties": list(self.parties),
            "day": self.day.isoformat() if self.day else None,
            "releases": list(self.releases),
            "state": self.state,
            "sentence": self.sentence,
            "evidence_class": self.evidence_class,
            "first": [{"what": what, "how": how} for what, how in self.first],
            "root": self.root,
            "signer": self.signer or None,
            "counts": self.counts,
            "problems": list(self.problems),
        }


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Return the sealed files among files and folders; raises ConfigurationError for a folder without any."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(path.glob(PACKS)) if path.is_dir() else [path]
        if not inside:
            raise ConfigurationError(
                f"holds no {PACKS}", where=str(path), mend="'dip check run' writes one beside its folder."
            )
        found.update(dict.fromkeys(inside))
    return list(found)


def read_self_check(path: Path, *, derive: Derive, trust: Trust | None = None) -> SelfCheck:
    """Verify a sealed self-check and fold its events.

    ``derive`` as `harness.evidence.pack.verifying.verify` takes it; with ``trust`` the signer counts, too. A
    broken seal is a problem of the file, named with what differs. Raises ConfigurationError for a file that
    is no pack, or the pack of something else.
    """
    verified = verify(path, derive=derive, trust=trust)
    if not verified.intact:
        return _broken(path, verified)
    with PackReader(path) as pack, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / FILE).write_bytes(pack.read(FILE))
        try:
            readiness = read(folder)
        except ConfigurationError as error:
            raise ConfigurationError(
                "is a sealed pack, and of no self-check", where=str(path), mend="Leave it out."
            ) from error
    return _read(path, verified, readiness)


def _broken(path: Path, verified: Verified) -> SelfCheck:
    first = verified.differences[0]
    more = f" (and {len(verified.differences) - 1} more)" if len(verified.differences) > 1 else ""
    return SelfCheck(
        file=path.name,
        participant=NOT_KNOWN,
        network=(),
        day=None,
        releases=(),
        state=NOT_KNOWN,
        sentence="",
        evidence_class="",
        first=(),
        root=verified.seal.root if verified.seal else "",
        signer=verified.signer,
        problems=(f"the seal is broken: {first.path} {first.what}{more}",),
    )


def _read(path: Path, verified: Verified, found: Readiness) -> SelfCheck:
    evidence = found.ended.evidence_class if found.ended else "rehearsal"
    return SelfCheck(
        file=path.name,
        participant=found.name,
        network=tuple(found.started.network),
        day=found.at.date(),
        releases=tuple(found.started.releases),
        state=found.state,
        sentence=found.sentence,
        evidence_class=evidence,
        first=tuple((fix.what, fix.how) for fix in found.first),
        root=verified.seal.root if verified.seal else "",
        signer=verified.signer,
        problems=() if evidence == _SYSTEM else ("no system took part: it is a rehearsal",),
    )


def judged(found: Iterable[SelfCheck], plan: Plan, as_of: date) -> tuple[SelfCheck, ...]:
    """Say of each whose it is in the plan, and what speaks against it on a day (pure).

    Rules: not older than the setting ``progress.self_check_days``, not of a later day, made with each API
    release that the plan's places give its parties, and the latest of its participant.
    """
    known = sorted((_of(each, plan) for each in found), key=lambda each: (each.day or date.min, each.file))
    latest = {each.participant: each.file for each in known if each.day and each.day <= as_of}
    return tuple(
        replace(each, problems=(*each.problems, *_against(each, plan, as_of, latest))) for each in known
    )


def _of(check: SelfCheck, plan: Plan) -> SelfCheck:
    own = [party.id for party in plan.parties.values() if any(is_party(e, party) for e in check.network)]
    return replace(check, parties=tuple(own))


def _against(check: SelfCheck, plan: Plan, as_of: date, latest: Mapping[str, str]) -> Sequence[str]:
    if check.day is None:
        return ()
    said = []
    days = current().integer("progress.self_check_days")
    if check.day > as_of:
        said.append(f"was made after {as_of}")
    elif (as_of - check.day).days > days:
        said.append(f"is stale: {(as_of - check.day).days} days old, {days} count (assumed)")
    if latest.get(check.participant, check.file) != check.file and check.day <= as_of:
        said.append(f"{latest[check.participant]} is later")
    if not check.parties:
        said.append("the plan has no such party")
    for place in plan.places:
        if place.party in check.parties and place.release and place.release not in check.releases:
            releases = ", ".join(check.releases) or "none"
            said.append(f"is of release {releases}, and {place.environment} has {place.release}")
    return list(dict.fromkeys(said))
