"""Direct contracts between a customer and a metering or data service: IF-038 in, IF-039 back to the sender.

The message has no start: a contract runs from the request to the day that it names (assumed).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators.registration.answering import answer, repeated
from simulators.registration.case import Case, Outcome, handles
from simulators.registration.items import REVERSE_MIGRATED, DirectContract
from simulators.registration.moments import moment
from simulators.registration.notices import Form, forms
from simulators.registration.point import CONTRACT_OF, MeteringPoint
from simulators.registration.rule import Rule, rules
from simulators.registration.services import Service


@dataclass(frozen=True, slots=True)
class Words:
    """Where the contract with a service stands in messages and in the register."""

    prefix: str
    block: str
    holder: str
    until: str


_SERVICES = {
    Service.METERING: Words(
        "DirectContractMS",
        "B020",
        "customerDirectContractMeteringServiceDIPID",
        "customerDirectContractMeteringServiceEffectiveToDate",
    ),
    Service.DATA: Words(
        "DirectContractDS",
        "B021",
        "customerDirectContractDataServiceDIPID",
        "customerDirectContractDataServiceEffectiveToDate",
    ),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """A request to record or to remove a direct contract."""

    case: Case
    service: Service
    adds: bool

    @property
    def words(self) -> Words:
        """Return the names that belong to the service."""
        return _SERVICES[self.service]

    @property
    def stated(self) -> Any:
        """Return the block of the request; a removal has none."""
        return self.case.publication.custom(self.words.block)

    @property
    def until(self) -> datetime | None:
        """Return the end that the request names."""
        return moment(self.stated.get(self.words.until))

    @property
    def held(self) -> DirectContract | None:
        """Return the contract that is in force."""
        return self.case.known_point.contract_at(self.service, self.case.moment)


def _not_in_place(wish: Wish) -> bool:
    holder = wish.case.known_point.provider_at(wish.service, wish.case.moment)
    return holder is None or holder.dip_id != wish.case.publication.sender


def _too_long(wish: Wish) -> bool:
    now = wish.case.moment
    start = now.replace(day=28) if (now.month, now.day) == (2, 29) else now
    last = start.replace(year=start.year + wish.case.terms.contract_years)
    return wish.until is not None and wish.until >= last


RULES = rules(
    "direct contract",
    Rule("REG0000", lambda wish: wish.case.point is None, "published", "the MPAN is not in the register"),
    Rule(
        "REG9001",
        lambda wish: wish.case.known_point.regime_at(wish.case.moment) == REVERSE_MIGRATED,
        "published",
        "the point has left the new arrangements",
    ),
    Rule(
        "REG1076",
        lambda wish: wish.adds and wish.stated.get(wish.words.holder) != wish.case.publication.sender,
        "published",
        "a contract with another service, or with none (null, assumed)",
    ),
    Rule("REG1075", _not_in_place, "published", "the sender does not hold the service now"),
    Rule(
        "REG1074",
        lambda wish: not wish.adds and wish.held is None,
        "published",
        "there is no contract to remove; one with a predecessor ended with its time (assumed)",
    ),
    Rule(
        "REG1071",
        lambda wish: wish.adds and (wish.until is None or wish.until <= wish.case.moment),
        "third-party",
        "the message has no start: its end must lie ahead",
    ),
    Rule(
        "REG1072",
        lambda wish: wish.adds and _too_long(wish),
        "third-party",
        "the end lies before as many years from the request as the setting says (two)",
    ),
    Rule(
        "REG1073",
        lambda wish: wish.adds and wish.held is not None,
        "third-party",
        "a contract for the service is in force; to amend one it is removed first (assumed)",
    ),
)


def _form(event: str, words: Words | None) -> Form[Case]:
    return Form(
        "IF-039", event, ("sender",), repeated(*([words.block] if words else [])), "third-party",
        "receivers of IF-039: the service that asked, whatever the answer",
    )  # fmt: skip


FORMS = {
    (service, adds): _form(f"{words.prefix}{'Add' if adds else 'Remove'}", words if adds else None)
    for service, words in _SERVICES.items()
    for adds in (True, False)
}
forms("direct contract", *FORMS.values())


def _contract(case: Case, service: Service, *, adds: bool) -> Outcome:
    wish = Wish(case, service, adds)
    form = FORMS[service, adds]

    def changed() -> tuple[MeteringPoint, ...]:
        contract = DirectContract(case.publication.sender, wish.until) if adds and wish.until else None
        return (case.known_point.put(CONTRACT_OF[service], contract, case.moment, case.now),)

    return answer(case, RULES, wish, form, form, changed)


@handles("IF-038", "DirectContractMSAdd")
def add_metering(case: Case) -> Outcome:
    """Record a contract with the metering service."""
    return _contract(case, Service.METERING, adds=True)


@handles("IF-038", "DirectContractMSRemove")
def remove_metering(case: Case) -> Outcome:
    """Remove the contract with the metering service."""
    return _contract(case, Service.METERING, adds=False)


@handles("IF-038", "DirectContractDSAdd")
def add_data(case: Case) -> Outcome:
    """Record a contract with the data service."""
    return _contract(case, Service.DATA, adds=True)


@handles("IF-038", "DirectContractDSRemove")
def remove_data(case: Case) -> Outcome:
    """Remove the contract with the data service."""
    return _contract(case, Service.DATA, adds=False)
