"""What suppliers maintain (consent, display, SMSO, SSC, profile class): IF-025 in, IF-026 in answer."""

from __future__ import annotations

from simulators.registration.answering import answer, repeated
from simulators.registration.case import Case, Outcome, handles
from simulators.registration.notices import Form, forms
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.supplier_data_rules import PARTS, RULES, changes

_CONCERNS = (
    "sender", "metering service", "data service", "retriever", "distributor", "LSS", "EES",
)  # fmt: skip
ACCEPTED: dict[str, Form[Case]] = {
    event: Form(
        "IF-026", event, _CONCERNS, repeated("B013", parts[0].block), "third-party", "receivers of IF-026"
    )
    for event, parts in PARTS.items()
}
REFUSED: dict[str, Form[Case]] = {
    event: Form(
        "IF-026", event, ("sender",), repeated("B013", parts[0].block), "assumed",
        "a refusal is nobody's business but the sender's",
    )
    for event, parts in PARTS.items()
}  # fmt: skip
forms("supplier data", *ACCEPTED.values(), *REFUSED.values())


@handles("IF-025", *PARTS)
def update(case: Case) -> Outcome:
    """Record what a supplier maintains from its date on, or refuse it."""

    def changed() -> tuple[MeteringPoint, ...]:
        point = case.known_point
        for change in changes(case):
            if change.new and change.since is not None:
                point = point.put(change.item, change.value, change.since, case.now)
        return (point,)

    event = case.publication.event
    return answer(case, RULES, case, ACCEPTED[event], REFUSED[event], changed)
