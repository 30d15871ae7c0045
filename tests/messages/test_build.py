"""Building: every pair of every release is valid, seeded and follows its overrides."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from contexts import context, report_body

from harness.errors import ConfigurationError
from harness.messages.build import OMIT, build, build_largest_consumption, encode
from harness.messages.dates import midnight_text
from harness.messages.identifiers import mpan
from harness.spec.examine import examine
from harness.spec.release import load, names

SEGMENTS = ("S", "A", "U")


@pytest.mark.parametrize("release_name", names())
@pytest.mark.parametrize("segment", SEGMENTS)
def test_every_pair_is_valid(release_name: str, segment: str) -> None:
    """Every pair and report of a release is built without a finding, for several metering points."""
    release = load(release_name)
    assert len(release.pairs) == (145 if release_name == "1.8.3" else 146)
    for pair in release.pairs:
        for seed in range(1, 5):
            payload = build(release, pair.interface, pair.event, context(seed, segment=segment))
            examination = examine(release, payload, channel=pair.interface)
            assert not examination.findings, (pair, examination.findings)
            assert examination.message is not None
            assert examination.message.name == pair.message


@pytest.mark.parametrize("release_name", names())
def test_every_pair_is_valid_when_refused(release_name: str) -> None:
    """A message whose response code is overridden with R stays valid."""
    release = load(release_name)
    for pair in release.pairs:
        payload = build(release, pair.interface, pair.event, context())
        blocks = [("R0", payload["CommonBlock"]), ("B007", payload.get("CustomBlock", {}))]
        for block, part in blocks:
            if block in part:
                refused = build(
                    release, pair.interface, pair.event, context(), overrides={f"{block}.responseCode": "R"}
                )
                assert not examine(release, refused).findings


def test_headers_are_the_releases() -> None:
    """The header has the interface, the event in brackets and the release's first schema version."""
    release = load("2.2.1")
    for pair in release.pairs:
        header = build(release, pair.interface, pair.event, context())["CommonBlock"]["S0"]
        assert header == {
            "interfaceID": pair.interface,
            "eventCode": f"[{pair.event}]",
            "schemaVersion": release.messages[pair.message].schema_versions[0],
        }


def test_addressing_is_the_contexts() -> None:
    """Primary recipients come from the context, the rest is left to the DIP, and D0 is never there."""
    release = load("2.1.0")
    for pair in release.pairs:
        common = build(
            release, pair.interface, pair.event, context(primary_recipients=("2300000001", "1200000001"))
        )["CommonBlock"]
        assert common["A0"] == {
            "primaryRecipients": ["2300000001", "1200000001"],
            "secondaryRecipients": [],
            "always": [],
        }
        assert "D0" not in common


def test_sender_is_the_contexts() -> None:
    """Sender, environment, sub-text, provider, correlation and reference are those of the context."""
    made = context(
        connection_provider="4000000001", correlation="CI-1", reference="S-IF-031-x", environment="UIT"
    )
    header = build(load("1.8.3"), "IF-031", "MSApp", made)["CommonBlock"]["S1"]
    assert header == {
        "environmentTag": "UIT",
        "subText": "case 1",
        "senderUniqueReference": "S-IF-031-x",
        "senderTimestamp": "2026-07-14T09:30:00+00:00",
        "senderDIPID": "2200000001",
        "senderRoleID": "REGS",
        "senderCorrelationID": "CI-1",
        "DIPConnectionProviderID": "4000000001",
    }


def test_the_same_seed_gives_the_same_bytes() -> None:
    """A message depends on nothing but release, pair, context and overrides."""
    release = load("2.1.0")
    for pair in release.pairs:
        first, second = (encode([build(release, pair.interface, pair.event, context(5))]) for _ in range(2))
        assert first == second


def test_another_process_builds_the_same_bytes() -> None:
    """No hash seed or start-up order shows in a message."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from contexts import context\n"
        "from harness.messages.build import build, encode\n"
        "from harness.spec.release import load\n"
        "sys.stdout.buffer.write(encode([build(load('2.1.0'), 'IF-001', 'ChangeOfSupplier', context(9))]))\n"
    )
    here = str(Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", script, here], capture_output=True, check=True)
    assert done.stdout == encode([build(load("2.1.0"), "IF-001", "ChangeOfSupplier", context(9))])


def test_another_seed_gives_other_values() -> None:
    """Seeds vary what is random, and the reference with it."""
    release = load("2.1.0")
    number = mpan("10", 1)
    first, second = (build(release, "IF-021", "ActivePower", context(seed, mpan=number)) for seed in (1, 2))
    assert first["CustomBlock"] != second["CustomBlock"]
    assert (
        first["CommonBlock"]["S1"]["senderUniqueReference"]
        != second["CommonBlock"]["S1"]["senderUniqueReference"]
    )


def test_a_metering_point_is_the_same_in_every_message() -> None:
    """Two messages about one MPAN agree on its address, connection and meter, whoever sends them and when."""
    release = load("2.1.0")
    number = mpan("11", 77)
    first = build(release, "IF-002", "GainMPANInfo", context(1, mpan=number))["CustomBlock"]
    later = context(2, mpan=number, now=context().now + timedelta(days=40))
    second = build(release, "IF-033", "MSAppSPRequest", later)["CustomBlock"]
    for block in ("B022", "B023", "B024", "B025", "B026", "B905List"):
        assert first[block] == second[block]


def test_encode_is_the_body_of_a_send() -> None:
    """The body is a JSON array of envelopes, in UTF-8 and without white space."""
    body = encode([{"CommonBlock": {"S1": {"subText": "Straße"}}}, {}])
    assert body == '[{"payload":{"CommonBlock":{"S1":{"subText":"Straße"}}}},{"payload":{}}]'.encode()
    assert json.loads(body)[1] == {"payload": {}}


@pytest.mark.parametrize("release_name", names())
@pytest.mark.parametrize("event", ["ActivePower", "ReactivePower"])
def test_largest_consumption(release_name: str, event: str) -> None:
    """The largest IF-021 has 200 days of 48 periods, none twice, and is valid."""
    release = load(release_name)
    payload = build_largest_consumption(release, context(sender_role="ADS"), event)
    days = payload["CustomBlock"]["B900"]["settlementDayConsumptionPeriods"]
    ends = [period["sp"] for day in days for period in day["consumptionPeriods"]]
    assert len(days) == 200
    assert len(ends) == len(set(ends)) == 9600
    assert ends == sorted(ends)
    assert 600_000 < len(encode([payload])) < 800_000
    assert not examine(release, payload).findings


def test_overrides_by_pointer_and_by_path() -> None:
    """A JSON Pointer and a dotted path set the same place; lists are addressed by index; OMIT removes."""
    payload = build(
        load("2.1.0"),
        "IF-033",
        "MSAppSPRequest",
        context(),
        overrides={
            "/CustomBlock/B070/contractReferenceMeteringService": "C-1",
            "B905List.0.existingMeter.meterID": "A000000001",
            "CommonBlock.M0.GSPGroupID": "_P",
            "S1.subText": None,
            "B024": OMIT,
            "/CustomBlock/B022/addressLine9": OMIT,
            "/CustomBlock/B022/a~1b~0c": 1,
        },
    )
    custom = payload["CustomBlock"]
    assert custom["B070"]["contractReferenceMeteringService"] == "C-1"
    assert custom["B905List"][0]["existingMeter"]["meterID"] == "A000000001"
    assert payload["CommonBlock"]["M0"]["GSPGroupID"] == "_P"
    assert payload["CommonBlock"]["S1"]["subText"] is None
    assert "B024" not in custom
    assert "addressLine9" not in custom["B022"]
    assert custom["B022"]["a/b~c"] == 1


def test_an_override_brings_an_optional_block() -> None:
    """Naming a block that is left out by default includes it, whole and valid."""
    release = load("2.2.1")
    plain = build(release, "REP-002", "DUOSSupplierAggData", context())
    assert "P0" not in plain["CommonBlock"]
    parts = build(release, "REP-002", "DUOSSupplierAggData", context(), overrides={"P0.totalParts": 2})
    assert parts["CommonBlock"]["P0"]["totalParts"] == 2
    assert parts["CommonBlock"]["P0"]["partNumber"] == 1
    assert not examine(release, parts).findings
    contract = build(
        release, "IF-051", "EESRefresh", context(), overrides={"B080.greenDealEffectiveToDate": None}
    )
    assert set(contract["CustomBlock"]["B080"]) == {"greenDealEffectiveFromDate", "greenDealEffectiveToDate"}


def test_a_refusal_brings_its_codes() -> None:
    """An overridden response code is followed by the messages and codes that explain it."""
    release = load("2.1.0")
    accepted = build(release, "IF-032", "MSAppInitialResp", context())["CommonBlock"]["R0"]
    assert accepted == {"responseCode": "A", "responseMessages": []}
    refused = build(release, "IF-032", "MSAppInitialResp", context(), overrides={"R0.responseCode": "R"})
    assert refused["CommonBlock"]["R0"] == {
        "responseCode": "R",
        "responseMessages": ["REG1031 - Service Provider incompatible with MPAN Market Segment"],
    }
    provider = build(release, "IF-034", "MSAppSPResponse", context(), overrides={"B007.responseCode": "R"})
    assert provider["CustomBlock"]["B007"]["proposedAppointmentResponseCode"].startswith("SP004 - ")


def test_the_answer_to_a_replay_is_no_outcome() -> None:
    """An overridden R1, which answers the replay, leaves the outcome of the replayed message alone."""
    common = build(
        load("2.1.0"), "IF-016", "ActivePowerRejected", context(), overrides={"R1.responseCode": "A"}
    )["CommonBlock"]
    assert common["R0"]["responseCode"] == "R"


def test_a_scenario_brings_its_blocks() -> None:
    """An overridden appointment scenario is followed by the registration id, the incumbent and the dates."""
    release = load("2.1.0")

    def made(scenario: str) -> dict[str, object]:
        overrides = {"B070.appointmentScenario": scenario}
        custom: dict[str, object] = build(
            release, "IF-033", "MSAppSPRequest", context(), overrides=overrides
        )["CustomBlock"]
        return custom

    assert "B013" in made("COS")
    assert "B013" not in made("CSP")
    assert made("CSP")["B072"] == {
        "incumbentMeteringServiceDIPID": "1200000002",
        "incumbentMeteringServiceMPID": "MSSB",
    }
    assert made("USP")["B072"] == {
        "incumbentMeteringServiceDIPID": "1200000001",
        "incumbentMeteringServiceMPID": "MSSA",
    }


@pytest.mark.parametrize(
    ("interface", "event", "said"),
    [
        ("IF-31", "MSApp", "Did you mean 'IF-031'"),
        ("IF-031", "MSAp", "Did you mean 'MSApp'"),
        ("IF-031", "[MSApp]", "Did you mean 'MSApp'"),
    ],
)
def test_unknown_pairs_are_refused_with_the_nearest(interface: str, event: str, said: str) -> None:
    """An unknown interface or event is a configuration error that names what is meant."""
    with pytest.raises(ConfigurationError) as refused:
        build(load("2.1.0"), interface, event, context())
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "path",
    ["B070.nothing.deeper", "B0700.appointmentScenario", "", "B905List.7.existingMeter", "S1.subText.x"],
)
def test_overrides_that_lead_nowhere_are_refused(path: str) -> None:
    """A path whose parent the message lacks is a configuration error that names the path."""
    with pytest.raises(ConfigurationError, match=r"override|no path"):
        build(load("2.1.0"), "IF-033", "MSAppSPRequest", context(), overrides={path: 1})


def test_a_new_event_date_moves_with_the_clock() -> None:
    """Proposed dates are clock midnights two to five days after the context's day."""
    release = load("2.1.0")
    for offset in range(0, 200, 9):
        now = context().now + timedelta(days=offset)
        block = build(release, "IF-031", "DSApp", context(offset, now=now))["CustomBlock"]["B071"]
        wanted = {midnight_text(now.date() + timedelta(days=days)) for days in range(2, 6)}
        assert block["proposedDataServiceDIPEffectiveFromDate"] in wanted


def test_reports_are_zlib_in_base64() -> None:
    """The body of a report can be decompressed and read as JSON."""
    body = report_body(build(load("2.1.0"), "REP-008", "LDSOLLFDefaultData", context()))
    assert set(body) == {"R002", "R013", "R027", "R039"}
