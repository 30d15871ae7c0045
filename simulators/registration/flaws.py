"""The faults that can be seeded into a registration service; each stands for a defect of a real one.

A rule can be missing: there is one such fault for every code that a rule answers with. A message can be
missing, late, out of order, or for somebody else.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from harness.spec.codes import code as published
from simulators.participants.behaviours import Acting, Outgoing
from simulators.participants.seeded import FAULTS, Fault, fault
from simulators.participants.spoiling import (
    Fits,
    changed,
    deaf,
    doubled,
    dropped,
    of,
    other_recipient,
    places,
)
from simulators.registration import processes  # noqa: F401 - they register their rules
from simulators.registration.rule import RULES, without

REGISTRATION = frozenset({"REGS"})
RULE_OFF = "rule-off-"


def _confirmed_last(messages: tuple[Outgoing, ...], _acting: Acting) -> tuple[Outgoing, ...]:
    """Send the ends of appointments before the beginnings."""
    return tuple(sorted(messages, key=lambda message: message.interface == "IF-036"))


def _without_block(name: str, interface: str) -> partial[Fault]:
    fits = of(interface)
    return partial(
        Fault,
        sends=changed(
            lambda message: fits(message) and message.custom.get(name) is not None,
            lambda message, _: replace(message, custom={**message.custom, name: None}),
        ),
    )


def _lost(name: str, defect: str, fits: Fits) -> Fault:
    return Fault(name, REGISTRATION, defect, sends=dropped(fits))


def _to_the_provider_alone(message: Outgoing, acting: Acting) -> Outgoing:
    roles = {party.dip_id: party.role for party in acting.network.parties}
    return replace(message, primary=tuple(each for each in message.primary if roles.get(each) != "SUP"))


for rows in RULES.values():
    for code in sorted({row.code for row in rows}):
        name = f"{RULE_OFF}{code}"
        if name not in FAULTS:
            defect = f"nothing is refused with {code}: {published(code).meaning}"
            fault(Fault(name, REGISTRATION, defect, around=partial(without, code)))

_CONFIRMED, _ENDED = of("IF-036"), of("IF-037")
_STATUS = of("IF-035", "MSAppAccepted", "DSAppAccepted")
for each in (
    _lost("site-information-lost", "the gaining supplier hears nothing", of("IF-002")),
    _lost("supply-change-lost", "a change of supplier is not told", of("IF-001")),
    _lost("request-unanswered", "a supplier's request gets no answer", of("IF-032")),
    Fault(
        "request-answered-late", REGISTRATION, "a supplier's request is answered three days late",
        late=timedelta(days=3), is_late=of("IF-032"),
    ),
    _lost("provider-not-asked", "the proposed provider is not asked", of("IF-033")),
    Fault(
        "other-provider-asked", REGISTRATION, "another provider is asked than was proposed",
        sends=changed(of("IF-033"), other_recipient),
    ),
    Fault("provider-asked-twice", REGISTRATION, "the provider is asked twice", sends=doubled(of("IF-033"))),
    _without_block("B072", "IF-033")(
        "incumbent-unnamed", REGISTRATION, "the provider is not told who meters now"
    ),
    _lost(
        "meter-details-not-asked", "the incumbent is never told to send meter details",
        of("IF-035", "IMS-SendMTD"),
    ),
    _lost("acceptance-lost", "nobody hears that an appointment is accepted", _STATUS),
    Fault(
        "supplier-not-told", REGISTRATION, "the supplier does not hear what became of its request",
        sends=changed(of("IF-035"), _to_the_provider_alone),
    ),
    Fault(
        "outcome-inverted", REGISTRATION, "an accepted appointment is told as refused",
        sends=places(_STATUS, B007__responseCode="R"),
    ),
    _lost("confirmation-lost", "an appointment becomes active without a word", _CONFIRMED),
    Fault(
        "confirmation-late", REGISTRATION, "an appointment is confirmed a day late",
        late=timedelta(days=1), is_late=_CONFIRMED,
    ),
    Fault(
        "confirmed-to-another", REGISTRATION, "another provider hears that it is appointed",
        sends=changed(_CONFIRMED, other_recipient),
    ),
    Fault(
        "dismissed-before-confirmed", REGISTRATION, "IF-037 goes out before IF-036", sends=_confirmed_last
    ),
    _lost("dismissal-lost", "the old provider never hears that it has ended", _ENDED),
    Fault(
        "dismissal-wrong-reason", REGISTRATION, "the old provider hears another reason",
        sends=changed(_ENDED, lambda message, _: replace(
            message,
            places={
                **message.places,
                f"{'B008' if message.event.startswith('MS') else 'B009'}.deAppointmentReasonCode": "RELATED",
            },
        )),
    ),
    _lost("outcome-lost", "a meter update is taken and not told", of("IF-006")),
    _lost("energisation-not-told", "a change of energisation is not told", of("IF-008")),
    Fault("refusal-uncoded", REGISTRATION, "a refusal names no code", sends=changed(
        lambda message: message.common.get("R0", {}).get("responseCode") == "R",
        lambda message, _: replace(
            message, common={**message.common, "R0": {"responseCode": "R", "responseMessages": ["Refused"]}}
        ),
    )),
    _lost("segment-change-lost", "a change of segment is not told", of("IF-044")),
    _lost("reminder-lost", "nobody is reminded", of("IF-045")),
    _lost("relationship-lost", "a relationship is not confirmed", of("IF-020")),
    _lost("disconnection-lost", "a disconnection is not told", of("IF-009")),
    _lost("reverse-migration-lost", "a reverse migration is not told", of("IF-003")),
    Fault("provider-unheard", REGISTRATION, "a provider's answer is not taken in", hears=deaf("IF-034")),
    Fault(
        "registration-replays", REGISTRATION, "a transaction that came before is applied as new", repeats=True
    ),
):  # fmt: skip
    fault(each)
