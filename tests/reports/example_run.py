"""Writes the folder of a run as the engine would: events and evidence, for tests of the reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from harness.evidence.events import (
    AnswerReceived,
    AssumptionUsed,
    CheckMade,
    Event,
    InstanceFinished,
    InstanceStarted,
    MessageSent,
    PublicationReceived,
    RunFinished,
    RunStarted,
)
from harness.evidence.log import EventLog
from harness.evidence.store import EvidenceStore

START = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
SUPPLIER, REGISTRATION, BYSTANDER = "2300000001", "2200000001", "2300000002"
PARTIES = [
    {
        "organisation": organisation,
        "name": f"{organisation} {role}",
        "mpid": mpid,
        "role": role,
        "dip_id": dip_id,
        "real": "no",
    }
    for organisation, mpid, role, dip_id in (
        ("Supplier A", "SUPA", "SUP", SUPPLIER),
        ("Supplier B", "SUPB", "SUP", BYSTANDER),
        ("Registration A", "REGA", "REGS", REGISTRATION),
    )
]
ROUTING = ("routing:IF-031/MSApp/REGS", "REGS gets IF-031 as a primary recipient", "assumed")
SETTING = ("refusal.signature_status", "A signature that does not verify is answered 401", "assumed")


def payload(interface: str, event: str, *, days: int = 0) -> dict[str, Any]:
    """Return something that looks like a message; ``days`` adds a long list."""
    custom: dict[str, Any] = {"B070": {"proposedMSMPID": "MSSA", "appointmentScenario": "CSP"}}
    if days:
        custom["days"] = [{"settlementDate": f"day {day}", "values": ["0.100"] * 48} for day in range(days)]
    return {
        "CommonBlock": {
            "S0": {"interfaceID": interface, "schemaVersion": "011", "eventCode": f"[{event}]"},
            "S1": {"environmentTag": "SIT", "senderDIPID": SUPPLIER, "senderRoleID": "SUP"},
            "M0": {"MPANCore": "1012345678906", "distributorDIPID": "2500000001"},
        },
        "CustomBlock": custom,
    }


@dataclass
class ExampleRun:
    """A run that is being written; each method adds a case."""

    folder: Path
    releases: list[str] = field(default_factory=lambda: ["2.1.0"])
    parties: list[dict[str, str]] = field(default_factory=lambda: [dict(party) for party in PARTIES])
    selected: int | None = None
    events: list[Event] = field(default_factory=list)
    cases: int = 0
    _now: datetime = START

    def __post_init__(self) -> None:
        self.store = EvidenceStore(self.folder / "evidence")

    def at(self) -> str:
        """Return the next moment."""
        self._now += timedelta(milliseconds=7)
        return self._now.isoformat(timespec="milliseconds")

    def exchange(
        self,
        interface: str = "IF-031",
        event: str = "MSApp",
        *,
        sender: str = "SUP",
        receiver: str = "REGS",
        release: str = "2.1.0",
        requirements: tuple[str, ...] = ("DH-RSP-001", "DH-PUB-005"),
        body: bytes | None = None,
    ) -> str:
        """Add an exchange that passes; returns its case."""
        case = self.begin(
            "cit-exchange",
            f"{interface} [{event}] reaches {receiver}",
            interface,
            event,
            sender,
            release=release,
            requirements=(f"DH-{interface}", *requirements),
        )
        self.send(case, interface, event, body=body)
        self.answer(case, 201, ["MSG0000"])
        self.check(case, "The send is accepted", True, "201 MSG0000", "201 MSG0000")
        self.publish(case, interface, event, receiver)
        self.check(
            case, f"{receiver} has the publication", True, "one valid publication", "one valid publication"
        )
        self.check(case, "Nobody else has it", True, "no other publication", "none")
        self.assume(case, ROUTING)
        self.finish(case, "pass")
        return case

    def refusal(
        self,
        *,
        passes: bool,
        key: str = "signature-accepted",
        interface: str = "IF-031",
        event: str = "MSApp",
    ) -> str:
        """Add a case with a bad signature that the hub refuses, or wrongly accepts; returns its case."""
        case = self.begin(
            f"cit-bad-signature-{self.cases}",
            "A signature that does not verify is refused",
            interface,
            event,
            "SUP",
            polarity="negative",
            area="security",
            requirements=("DH-SIG-006",),
        )
        self.send(case, interface, event)
        self.answer(case, 401 if passes else 201, [] if passes else ["MSG0000"])
        self.check(
            case,
            "The send is refused",
            passes,
            "401",
            "401" if passes else "201 MSG0000",
            blame={"class": "central-system", "party": "DIP"},
            key=key,
            hint="The hub compares the signature with the body that it re-serialised.",
        )
        self.assume(case, SETTING)
        blame = None if passes else {"class": "central-system", "party": "DIP"}
        self.finish(
            case,
            "pass" if passes else "fail",
            "" if passes else "The send is refused: expected 401, got 201 MSG0000",
            blame,
        )
        return case

    def verdict(
        self, verdict: str, reason: str, cause: str, party: str = "", *, status: str = "not started"
    ) -> str:
        """Add a case that ends without a step; returns its case."""
        case = self.begin(
            f"cit-{verdict}-{self.cases}", f"A case that is {verdict}", "IF-021", "ActivePower", "SDS"
        )
        self.finish(case, verdict, reason, {"class": cause, "party": party}, status=status)
        return case

    def begin(
        self,
        scenario: str,
        title: str,
        interface: str,
        event: str,
        role: str,
        *,
        release: str = "2.1.0",
        polarity: str = "positive",
        area: str = "exchange",
        requirements: tuple[str, ...] = (),
    ) -> str:
        """Add the start of a case; returns its case."""
        self.cases += 1
        case = f"{scenario}/{interface}/{event}/{role}@{release}"
        self.events.append(
            InstanceStarted(
                at=self.at(),
                case=case,
                case_id=case.split("@")[0],
                scenario=scenario,
                title=title,
                release=release,
                stage="cit",
                area=area,
                polarity=polarity,
                interface=interface,
                event_code=event,
                role=role,
                parties=[SUPPLIER, REGISTRATION],
                requirements=list(requirements),
                external_ids={},
                seed=self.cases,
                instance=f"run/{self.cases}",
            )
        )
        return case

    def send(
        self, case: str, interface: str, event: str, *, body: bytes | None = None, sender: str = SUPPLIER
    ) -> None:
        """Add a request."""
        data = body if body is not None else orjson.dumps([{"payload": payload(interface, event)}])
        self.events.append(
            MessageSent(
                at=self.at(),
                case=case,
                sender=sender,
                method="POST",
                url=f"https://127.0.0.1:8443/2.1.0/dip-channel/{interface}",
                interface=interface,
                event_code=event,
                references=[f"S-{interface}-{sender}-SUP-20261103-{self.cases}"],
                body=self.store.put(data),
                headers={"X-DIP-Signature": "MEUCIQ", "Content-Type": "application/json"},
            )
        )

    def answer(self, case: str, status: int | None, codes: list[str], *, error: str = "") -> None:
        """Add the answer to a request."""
        body = self.store.put(orjson.dumps({"messageArray": [{"message": code} for code in codes]}))
        self.events.append(
            AnswerReceived(
                at=self.at(),
                case=case,
                status=status,
                refused_in_handshake=status is None,
                codes=codes,
                body=body,
                seconds=0.012,
                error=error,
            )
        )

    def publish(self, case: str, interface: str, event: str, role: str, *, party: str = REGISTRATION) -> None:
        """Add a publication."""
        self.events.append(
            PublicationReceived(
                at=self.at(),
                case=case,
                party=party,
                role=role,
                publication=interface.replace("IF", "PUB"),
                interface=interface,
                event_code=event,
                transaction=f"T-{self.cases}",
                reference="S-1",
                body=self.store.put(orjson.dumps([{"payload": payload(interface, event)}])),
                signature_valid=True,
                findings=[],
                answered=201,
                response_codes=["RCP0000"],
                headers={"X-DIP-Signature-Date": "2026-11-03T09:30:00.000Z"},
                signed_by="CN=dip, issued by CN=a test authority",
            )
        )

    def check(
        self,
        case: str,
        title: str,
        passed: bool,
        expected: str,
        actual: str,
        *,
        blame: dict[str, str] | None = None,
        key: str = "",
        hint: str = "",
        severity: str = "error",
    ) -> None:
        """Add a judged condition."""
        self.events.append(
            CheckMade(
                at=self.at(),
                case=case,
                title=title,
                passed=passed,
                severity=severity,
                expected=expected,
                actual=actual,
                rule="DIP API 2.1.0, POST /dip-channel/{id}",
                blame=None if passed else blame,
                key=key,
                hint=hint,
            )
        )

    def assume(self, case: str, assumption: tuple[str, str, str]) -> None:
        """Add something that the verdict leans on."""
        name, text, basis = assumption
        self.events.append(AssumptionUsed(at=self.at(), case=case, name=name, text=text, basis=basis))

    def finish(
        self,
        case: str,
        verdict: str,
        reason: str = "",
        blame: dict[str, str] | None = None,
        *,
        status: str = "",
    ) -> None:
        """Add the end of a case."""
        usual = {"pass": "passed", "fail": "failed"}.get(verdict, "not started")
        self.events.append(
            InstanceFinished(
                at=self.at(),
                case=case,
                verdict=verdict,
                status=status or usual,
                reason=reason,
                blame=blame,
                seconds=0.034,
            )
        )

    def write(
        self, *, evidence_class: str = "rehearsal", ended: bool = True, interrupted: bool = False
    ) -> Path:
        """Write `events.ndjson`; returns the folder."""
        path = self.folder / "events.ndjson"
        path.unlink(missing_ok=True)
        with EventLog(path) as log:
            log.write(
                RunStarted(
                    at=START.isoformat(timespec="milliseconds"),
                    run="2026-11-03-0930-cit",
                    stage="cit",
                    releases=self.releases,
                    seed=20261103,
                    target="embedded",
                    environment="SIT",
                    network=self.parties,
                    harness_version="0.1.0",
                    catalogue="c0ffee" * 10 + "beef",
                    options={"interfaces": ["IF-031"], "environment": ""},
                    selected=self.cases if self.selected is None else self.selected,
                )
            )
            for event in self.events:
                log.write(event)
            if ended:
                log.write(
                    RunFinished(
                        at=self.at(),
                        evidence_class=evidence_class,
                        seconds=41.7,
                        interrupted=interrupted,
                        evidence_class_reason="all 14 systems are simulated, the DIP included",
                    )
                )
        return self.folder
