"""Whatever reaches registration, in whatever state: no crash, valid answers, refusals to the sender alone."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from harness.clock import message_time
from harness.errors import ConfigurationError
from harness.messages.identifiers import mpan
from harness.spec.routing import load_routing
from simulators.registration.case import HANDLERS, WORDS_TOLD
from tests.simulators.participants.publications import MPAN, OTHER_SUPPLIER, SUPPLIER, network
from tests.simulators.registration.exchange import SMART, Exchange, midnight
from tests.simulators.registration.test_blocks import WHOLE

EXPORT, UNKNOWN = mpan("10", 456), mpan("10", 9)
MESSAGES = sorted(HANDLERS)
POINTS = st.sampled_from([MPAN, MPAN, MPAN, EXPORT, UNKNOWN])
DAYS = st.integers(-40, 40)
SENDERS = {
    key: [party.dip_id for row in load_routing().senders(*key) for party in network().with_role(row.role)]
    for key in MESSAGES
}
DATES = {
    "IF-005": ("B906", None), "IF-007": ("B025", "energisationStatusEffectiveFromDate"),
    "IF-025": ("B068", "consentGranularityEffectiveFromDate"),
}  # fmt: skip
VALUES = ["A", "S", "L", "W", "U", "01", "none", True, "I", "E", "_A", "H", "D"]


class Traffic(RuleBasedStateMachine):
    """Messages as their senders build them, words with any content, and time."""

    @initialize(
        whole=st.booleans(),
        regime=st.sampled_from(["mhhs", "legacy", "reverse-migrated"]),
        release=st.sampled_from(["1.8.3", "2.1.0", "2.2.1"]),
    )
    def begin(self, whole: bool, regime: str, release: str) -> None:
        """A point that has everything, or a sparse one, and an export."""
        own = {**(WHOLE if whole else SMART), "regime": regime}
        export = {**SMART, "mpan": EXPORT, "energy_direction": "E", "supplier": OTHER_SUPPLIER}
        if whole:
            export["linked"] = WHOLE["linked"]
        self.service = Exchange(own, export, release=release)

    @rule(key=st.sampled_from(MESSAGES), who=st.integers(0, 20), point=POINTS, days=DAYS)
    def receive(self, key: tuple[str, str], who: int, point: str, days: int) -> None:
        """A party that may send a message does so, as the harness builds it, perhaps with another date."""
        senders = SENDERS[key]
        custom: dict[str, Any] = {}
        block, field = DATES.get(key[0], ("", None))
        if field and (block != "B068" or key[1] == "ConsentGranularity"):
            custom[block] = {field: message_time(midnight(days, self.service.now))}
        sent = self.service.receive(*key, senders[who % len(senders)], custom=custom, mpan=point)
        refused = [m for m in sent if m.common.get("R0", {}).get("responseCode") == "R"]
        assert len(refused) <= 1
        assert not refused or refused[0].primary == (senders[who % len(senders)],)

    @rule(
        word=st.sampled_from(sorted(WORDS_TOLD)),
        point=POINTS,
        days=DAYS,
        value=st.sampled_from(VALUES),
        supplier=st.sampled_from([SUPPLIER, OTHER_SUPPLIER, "2300000009"]),
        keys=st.sets(
            st.sampled_from(["effective", "value", "supplier", "registration", "as_at", "start", "response"])
        ),
        flag=st.booleans(),
    )
    def tell(
        self, word: str, point: str, days: int, value: object, supplier: str, keys: set[str], flag: bool
    ) -> None:
        """Anything is told: it is taken, or refused as nonsense with a reason, and nothing else."""
        at = message_time(midnight(days, self.service.now))
        everything: dict[str, Any] = {
            "effective": at,
            "value": value,
            "supplier": supplier,
            "registration": "R1",
            "as_at": at,
            "start": at,
            "response": "A" if flag else "R",
        }
        content = {key: everything[key] for key in keys}
        if word == "switch-pending":
            content |= {"legacy": flag, "initial": not flag and value == "I"}
        with contextlib.suppress(ConfigurationError):
            self.service.tell(word, point, **content)

    @rule(days=st.integers(1, 30))
    def days_pass(self, days: int) -> None:
        """The clock goes on."""
        self.service.reach(self.service.now + timedelta(days=days))
        assert self.service.reach(self.service.now) == []


TestTraffic = Traffic.TestCase
TestTraffic.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
