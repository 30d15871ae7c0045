"""What a party does when it is told to: every word of every role, in messages that the releases allow."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import ConfigurationError
from harness.spec.release import load
from harness.spec.release import names as releases
from harness.spec.routing import load_routing
from simulators.participants.behaviours import BEHAVIOURS
from simulators.participants.playing import Plays
from tests.simulators.participants.player import MPAN, Player, names, point
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    OTHER_METERING,
    REGISTRATION,
    RETRIEVER,
    SUPPLIER,
)

AT = "2026-03-01T15:00:00+00:00"
TOLD: dict[tuple[str, str, str], tuple[dict[str, Any], list[str]]] = {
    ("metering-service", METERING, "exchange-meter"): (
        {"at": AT},
        ["IF-041 ReadingRemv", "IF-041 ReadingInstl", "IF-005 MeterExchange"],
    ),
    ("metering-service", METERING, "install-meter"): (
        {"at": AT},
        ["IF-041 ReadingInstl", "IF-005 MeterInstall"],
    ),
    ("metering-service", METERING, "remove-meter"): ({}, ["IF-041 ReadingRemv", "IF-005 MeterRemoval"]),
    ("metering-service", METERING, "update-meter"): ({}, ["IF-005 MeterUpdate"]),
    ("metering-service", METERING, "correct-history"): ({}, ["IF-005 MeterHistoryUpdate"]),
    ("metering-service", METERING, "comms-hub"): ({"to": [SUPPLIER]}, ["IF-004 CommsHubInfo"]),
    ("metering-service", METERING, "read"): ({"event": "ReadingOnSite"}, ["IF-041 ReadingOnSite"]),
    ("metering-service", METERING, "energise"): (
        {"at": "2026-03-02"},
        ["IF-041 ReadingEnergisationChg", "IF-007 EnergisationStatusChange"],
    ),
    ("metering-service", METERING, "de-energise"): (
        {"reading": "false"},
        ["IF-007 EnergisationStatusChange"],
    ),
    ("metering-service", METERING, "fail-energisation"): ({}, ["IF-007 EnergisationStatusFailure"]),
    ("metering-service", METERING, "direct-contract"): ({}, ["IF-038 DirectContractMSAdd"]),
    ("unmetered-operator", "1300000001", "energise"): ({}, ["IF-007 EnergisationStatusChange"]),
    ("unmetered-operator", "1300000001", "de-energise"): ({}, ["IF-007 EnergisationStatusChange"]),
    ("unmetered-operator", "1300000001", "fail-energisation"): ({}, ["IF-007 EnergisationStatusFailure"]),
    ("unmetered-operator", "1300000001", "direct-contract"): (
        {"change": "Remove"},
        ["IF-038 DirectContractMSRemove"],
    ),
    ("data-service", DATA, "consumption"): ({"day": "2026-03-01"}, ["IF-021 ActivePower"]),
    ("data-service", DATA, "read"): ({"event": "ReadingCOS", "at": "2026-03-01"}, ["IF-041 ReadingCOS"]),
    ("data-service", DATA, "start-retrieval"): ({"retriever": RETRIEVER}, ["IF-061 MDRStart"]),
    ("data-service", DATA, "stop-retrieval"): ({}, ["IF-063 MDRStop"]),
    ("data-service", DATA, "change-retriever"): (
        {"retriever": RETRIEVER, "at": "2026-03-07"},
        ["IF-034 SDS-MDRUpdate"],
    ),
    ("data-service", DATA, "request-reading"): ({}, ["IF-065 MDRInstantaneous"]),
    ("data-service", DATA, "direct-contract"): ({}, ["IF-038 DirectContractDSAdd"]),
    ("data-service", "1400000002", "request-replay"): ({}, ["IF-015 ConsumptionReplay"]),
    ("unmetered-data-service", "1400000003", "consumption"): (
        {"day": "2026-03-01", "quantity": "RI", "estimated": "2"},
        ["IF-021 ReactivePower"],
    ),
    ("unmetered-data-service", "1400000003", "direct-contract"): ({}, ["IF-038 DirectContractDSAdd"]),
    ("retriever", RETRIEVER, "consumption"): ({"day": "2026-03-01"}, ["IF-064 MDRConsumption"]),
    ("retriever", RETRIEVER, "read"): ({}, ["IF-065 ReadingRemote"]),
    ("supplier", SUPPLIER, "appoint"): (
        {"service": "metering_service", "provider": OTHER_METERING, "effective": "2026-03-05"},
        ["IF-031 MSApp"],
    ),
    ("supplier", SUPPLIER, "supplier-data"): ({"event": "SMSO"}, ["IF-025 SMSO"]),
    ("supplier", SUPPLIER, "circumstance"): ({"event": "SN-NoComms"}, ["IF-024 SN-NoComms"]),
    ("supplier", SUPPLIER, "amendment"): ({}, ["IF-027 ConsumptionAmendment"]),
    ("supplier", SUPPLIER, "relate"): (
        {"subsidiaries": ["1000000000016"], "change": "Add"},
        ["IF-019 LinkedImportExportAdd"],
    ),
    ("supplier", SUPPLIER, "read"): ({"event": "SupplierAgreedCOS"}, ["IF-041 SupplierAgreedCOS"]),
    ("market-data-service", "1800000001", "run"): (
        {"run": "SF", "day": "2026-01-05"},
        ["IF-013 ActivePowerDefaulted"],
    ),
    ("market-data-service", "1800000001", "annual-consumption"): ({}, ["IF-040 AnnualConsumption"]),
}
WITHOUT_MPAN: dict[tuple[str, str, str], tuple[dict[str, Any], list[str]]] = {
    ("market-data-service", "1800000001", "report"): (
        {"report": "REP-002"},
        ["REP-002 DUOSSupplierAggData"],
    ),
    ("load-shaping", "1900000001", "publish"): (
        {"day": "2026-03-01"},
        ["IF-022 LSSPeriodData", "IF-023 LSSTotalsData"],
    ),
    ("standing-data", "2000000001", "publish"): ({"version": "9.9.9"}, ["IF-047 ISD"]),
    ("volume-allocation", "1100000001", "report"): (
        {"report": "REP-004"},
        ["REP-004 SupplierDeemedTakeReport"],
    ),
    ("distributor", "2500000001", "report"): ({"report": "REP-900"}, ["REP-900 DUoSSupplierInvData"]),
}
KNOWN = point(supplier=SUPPLIER, metering_service=METERING, data_service=DATA, retriever=RETRIEVER)


def told(case: tuple[str, str, str], release: str) -> tuple[Player, list[Any]]:
    """Return a party that knows the metering point, and what it sent on being told."""
    name, dip_id, word = case
    content = dict(TOLD[case][0])
    if word == "consumption" and dip_id not in (DATA, RETRIEVER):
        content["all"] = "true"
    player = Player(dip_id, name, release=release, points=KNOWN)
    return player, player.told(word, **content)


@pytest.mark.parametrize("release", releases())
@pytest.mark.parametrize("case", sorted(TOLD), ids=" ".join)
def test_a_word_about_a_metering_point_leads_to_its_messages(
    case: tuple[str, str, str], release: str
) -> None:
    """The messages go out in this order, each allowed by the release, from a role that may send it."""
    player, sent = told(case, release)
    assert names(sent) == TOLD[case][1]
    for message in sent:
        payload = player.written(message)
        assert payload["CommonBlock"]["S1"]["senderDIPID"] == player.party.dip_id
        assert MPAN in (
            payload["CommonBlock"].get("M0", {}).get("MPANCore"),
            payload["CommonBlock"].get("M1", {}).get("principalMPAN"),
        )
        roles = {row.role for row in load_routing().senders(message.interface, message.event)}
        assert player.party.role in roles


@pytest.mark.parametrize("release", releases())
@pytest.mark.parametrize("case", sorted(WITHOUT_MPAN), ids=" ".join)
def test_a_word_without_a_metering_point_leads_to_its_messages(
    case: tuple[str, str, str], release: str
) -> None:
    """Reports, load shapes and standing data are allowed by the release as well."""
    name, dip_id, word = case
    player = Player(dip_id, name, release=release, points=KNOWN)
    content, wanted = WITHOUT_MPAN[case]
    if content.get("report") and not load(release).events(content["report"]):
        pytest.skip("the release has no such report")
    sent = player.told(word, mpan=None, **content)
    assert names(sent) == wanted
    for message in sent:
        player.written(message)


def test_every_word_is_told_here() -> None:
    """A word that is added to a role is tested in every release."""
    words = {
        (name, word.name)
        for name, family in BEHAVIOURS.items()
        if isinstance(family, Plays)
        for word in family.words
    }
    elsewhere = {("market-data-service", "charges")}
    assert words == {(name, word) for name, _, word in (*TOLD, *WITHOUT_MPAN)} | elsewhere


def test_any_message_of_the_role_can_be_told() -> None:
    """`send` names interface, event, recipients and places, and how often."""
    player = Player(SUPPLIER, "supplier")
    sent = player.told(
        "send",
        interface="IF-025",
        event="ConsentGranularity",
        to=[REGISTRATION],
        set={"B068.consentGranularity": "D"},
        times="2",
    )
    assert names(sent) == ["IF-025 ConsentGranularity"] * 2
    assert player.written(sent[0])["CustomBlock"]["B068"]["consentGranularity"] == "D"
    assert sent[0].primary == (REGISTRATION,)


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "word": ("exchange", {}, "means nothing to it"),
    "item": ("exchange-meter", {"att": AT}, "Did you mean 'at'"),
    "missing": ("send", {"interface": "IF-005"}, "'event' is missing"),
    "mpan": ("exchange-meter", {"mpan": "123"}, "right check digit"),
    "time": ("exchange-meter", {"at": "2026-03-01T15:00:00"}, "with an offset"),
    "no time": ("exchange-meter", {"at": "soon"}, "with an offset"),
    "order": ("exchange-meter", {"order": "reading-first"}, "Did you mean 'readings-first'"),
    "supplier": ("fail-energisation", {}, "no supplier"),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_what_makes_no_sense_is_refused(case: str) -> None:
    """A word, an item or a value that the party can't use is a ConfigurationError."""
    word, content, expected = WRONG[case]
    with pytest.raises(ConfigurationError) as caught:
        Player(METERING, "metering-service").told(word, **content)
    assert expected in str(caught.value)
