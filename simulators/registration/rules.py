"""Which REG code answers which request to appoint: one rule a row, the first that is broken decides.

The codes' meanings are published; when each applies is mostly a third party's hint or assumed, so each row
says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from harness.spec.codes import codes, text
from harness.transport.network import Network
from simulators.registration.appointment import Appointment
from simulators.registration.services import WORDS, Service
from simulators.registration.tenures import MeteringPoint

LEAD_TIME = timedelta(days=28)
"""Published with REG1099."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule looks at; ``point`` is None when the MPAN is not registered."""

    wanted: Appointment
    point: MeteringPoint | None
    network: Network
    now: datetime

    @property
    def in_place(self) -> str | None:
        """Return the DIP id of the provider in place for the service."""
        tenure = self.point.current(self.wanted.service) if self.point else None
        return tenure.dip_id if tenure else None

    @property
    def in_place_since(self) -> datetime | None:
        """Return when the provider in place began."""
        tenure = self.point.current(self.wanted.service) if self.point else None
        return tenure.effective_from if tenure else None


@dataclass(frozen=True, slots=True)
class Rule:
    """A request that is ``broken`` by it gets ``code``; ``service`` None means both."""

    code: str
    service: Service | None
    broken: Callable[[Case], bool]
    basis: str
    reason: str


def identity_matches(network: Network, dip_id: str, mpid: str, roles: frozenset[str]) -> bool:
    """Say whether a party of one of ``roles`` holds both the DIP id and the MPID."""
    return any(p.dip_id == dip_id and p.mpid == mpid and p.role in roles for p in network.parties)


def _provider_mismatch(case: Case) -> bool:
    wanted = case.wanted
    roles = WORDS[wanted.service].roles
    return not identity_matches(case.network, wanted.provider, wanted.provider_mpid, roles)


def _retriever_mismatch(case: Case) -> bool:
    dip_id = case.wanted.proposal.get("supplierNominatedMDRDIPID")
    mpid = case.wanted.proposal.get("supplierNominatedMDRMPID")
    if dip_id is None and mpid is None:
        return False
    return not identity_matches(case.network, str(dip_id), str(mpid), frozenset({"MDR"}))


def _not_the_supplier(case: Case) -> bool:
    supplier = case.point.supplier if case.point else None
    return case.wanted.scenario in ("USP", "CSP") and case.wanted.supplier != supplier


def _not_in_place(case: Case) -> bool:
    return case.wanted.scenario == "USP" and case.wanted.provider != case.in_place


def _in_place_for(scenario: str) -> Callable[[Case], bool]:
    return lambda case: case.wanted.scenario == scenario and case.wanted.provider == case.in_place


def _date_invalid(case: Case) -> bool:
    effective, since = case.wanted.effective, case.in_place_since
    return effective is None or (since is not None and effective <= since)


def _too_far_ahead(case: Case) -> bool:
    return case.wanted.effective is not None and case.wanted.effective > case.now + LEAD_TIME


RULES: tuple[Rule, ...] = (
    Rule("REG0000", None, lambda case: case.point is None, "published", "the MPAN is not in the register"),
    Rule(
        "REG1090",
        Service.METERING,
        _provider_mismatch,
        "assumed",
        "an unknown DIP id or a wrong role counts too",
    ),
    Rule(
        "REG1091", Service.DATA, _provider_mismatch, "assumed", "an unknown DIP id or a wrong role counts too"
    ),
    Rule(
        "REG1092",
        Service.DATA,
        _retriever_mismatch,
        "assumed",
        "only where the supplier nominates a retriever",
    ),
    Rule(
        "REG1033", None, _not_the_supplier, "third-party", "USP and CSP are the current supplier's scenarios"
    ),
    Rule("REG1025", None, _not_in_place, "published", "USP updates the provider in place"),
    Rule("REG1026", None, _in_place_for("CSP"), "published", "CSP proposes another provider"),
    Rule("REG1095", None, _in_place_for("SEG"), "published", "SEG proposes another provider"),
    Rule("REG1032", None, _date_invalid, "assumed", "a successor begins after the provider in place began"),
    Rule("REG1099", None, _too_far_ahead, "published", "28 days at most; counted from receipt (assumed)"),
)


def broken_rule(case: Case) -> str | None:
    """Return the REG code of the first rule that a request breaks, or None."""
    for rule in RULES:
        if rule.service in (None, case.wanted.service) and rule.broken(case):
            return rule.code
    return None


def answer_code(stated: object) -> str | None:
    """Return the SP or DS code that a provider's answer begins with, or None when it is no published one.

    Answers are written ``SP000 - Proposed Appointment ACCEPTED`` (seen in a participant's message).
    """
    code = str(stated or "").partition(" ")[0].strip()
    return code if code.startswith(("SP", "DS")) and code in codes() else None


def stated(code: str) -> str:
    """Return a code with its meaning, as it stands in a message."""
    return text(code)
