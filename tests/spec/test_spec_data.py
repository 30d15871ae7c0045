"""The shared facts: routing, roles, codes, data items, alignment, scope and interface names."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.spec.alignment import alignment, alignment_notes
from harness.spec.codes import code, codes, text
from harness.spec.interfaces import interface_name, interfaces
from harness.spec.items import item_name, item_of, items
from harness.spec.release import load, names
from harness.spec.roles import expand, groups, roles
from harness.spec.routing import BASES, TIERS, Row, load_routing
from harness.spec.scope import cit_scope

_PAIRS = sorted({(pair.interface, pair.event) for name in names() for pair in load(name).pairs})


def test_every_pair_has_senders_and_receivers() -> None:
    """Each role stands once per pair, with a known tier and basis, and each sender reaches somebody."""
    routing = load_routing()
    for interface, event in _PAIRS:
        senders, receivers = routing.senders(interface, event), routing.receivers(interface, event)
        assert senders, (interface, event)
        assert {row.tier for row in senders} == {"sender"}
        assert {row.tier for row in receivers} <= set(TIERS)
        assert {row.basis for row in (*senders, *receivers)} <= set(BASES)
        for rows in (senders, receivers):
            assert len({row.role for row in rows}) == len(rows), (interface, event)
            assert {row.role for row in rows} <= roles().keys()
        for sender in senders:
            assert routing.receivers(interface, event, sender=sender.role), (interface, event, sender.role)


def test_routing_knows_no_interface_that_no_release_has() -> None:
    """The file and the releases name the same interfaces."""
    assert set(load_routing().interfaces) == {interface for interface, _ in _PAIRS}


def test_no_tier_is_claimed_as_published() -> None:
    """The public sources give no split into tiers: most receivers are assumed, none is published."""
    rows = [row for pair in _PAIRS for row in load_routing().receivers(*pair)]
    assert {row.basis for row in rows} == {"assumed", "third-party"}


@pytest.mark.parametrize(
    "pair", [pair for pair in _PAIRS if pair[0] == "IF-051" or pair[0].startswith("REP-")]
)
def test_what_no_source_names_is_assumed(pair: tuple[str, str]) -> None:
    """Senders and receivers of IF-051 and the reports are marked as assumed."""
    routing = load_routing()
    assert {row.basis for row in (*routing.senders(*pair), *routing.receivers(*pair))} == {"assumed"}


def test_messages_without_a_metering_point_have_no_secondary_recipients() -> None:
    """Secondary recipients are found by MPAN: without M0 or M1 there is none to find."""
    release = load("2.2.1")
    for pair in release.pairs:
        common = release.schema(pair.message)["properties"]["CommonBlock"]["properties"]
        if not {"M0", "M1"} & common.keys():
            tiers = {row.tier for row in load_routing().receivers(pair.interface, pair.event)}
            assert "secondary" not in tiers, pair


def _roles(rows: tuple[Row, ...], tier: str) -> set[str]:
    return {row.role for row in rows if row.tier == tier}


def test_the_replay_service_is_the_dips() -> None:
    """IF-015 goes to the hub's role, and IF-016 comes from it."""
    routing = load_routing()
    assert [row.role for row in routing.receivers("IF-015", "ConsumptionReplay")] == ["DIP"]
    assert [row.role for row in routing.senders("IF-016", "ActivePower")] == ["DIP"]


def test_an_appointment_is_routed_by_its_service() -> None:
    """IF-036 of a metering service is primary to metering services, and secondary to the others."""
    rows = load_routing().receivers("IF-036", "MSAppActive")
    assert _roles(rows, "primary") == {"MSS", "MSA", "UMSO"}
    assert _roles(rows, "secondary") == {"SUP", "SDS", "ADS", "UMSDS", "LDSO"}
    assert _roles(rows, "always") == {"MDS", "EES"}


def test_rows_can_be_asked_for_one_sender() -> None:
    """IF-004 goes both ways: from the supplier to the metering service, and back."""
    routing = load_routing()
    assert [row.role for row in routing.receivers("IF-004", "CommsHubInfo", sender="SUP")] == ["MSS"]
    assert [row.role for row in routing.receivers("IF-004", "CommsHubInfo", sender="MSS")] == ["SUP"]
    assert len(routing.receivers("IF-004", "CommsHubInfo")) == 2


def test_unknown_pairs_have_no_rows() -> None:
    """Nothing is made up for an interface or event that the file lacks."""
    assert load_routing().senders("IF-999", "X") == ()
    assert load_routing().receivers("IF-036", "NoEvent") == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("IF-001: {}", "IF-001: is no list of rules"),
        ("IF-001: [{senders: [SUP]}]", "without senders or receivers"),
        ("IF-001: [{senders: [SUPP], receivers: []}]", "Did you mean 'SUP'"),
        ("IF-001: [{senders: [SUP], receivers: [{roles: [MDS], tier: allways}]}]", "Did you mean 'always'"),
        ("IF-001: [{senders: [SUP], receivers: [{roles: [MDS], tear: always}]}]", "Did you mean 'tier'"),
        (
            "I: [{senders: [SUP], receivers: [{roles: [MDS], tier: always, when: acepted, condition: x}]}]",
            "Did you mean 'accepted'",
        ),
        ("I: [{senders: [SUP], receivers: [{roles: [MDS], tier: always, when: accepted}]}]", "a key alone"),
        ("I: [{senders: [SUP], receivers: [{roles: [MDS], tier: always, condition: x}]}]", "words alone"),
        (
            "I: [{senders: [SUP], receivers: [{roles: [MDS], tier: primary, when: accepted, condition: x}]}]",
            "The sender chooses",
        ),
        ("IF-001: [{senders: [SUP], receivers: [], sender_basis: x}]", "Did you mean 'senders_basis'"),
        ("IF-001: [{senders: [SUP], receivers: []}, {senders: [SUP], receivers: []}]", "overlap"),
        (
            "I: [{events: [A], senders: [SUP], receivers: []}, {events: [A], senders: [SUP], receivers: []}]",
            "overlap",
        ),
    ],
)
def test_a_wrong_routing_file_is_refused_with_the_fix(tmp_path: Path, content: str, words: str) -> None:
    """A team that replaces the file hears the interface, the word and the nearest known one."""
    path = tmp_path / "routing.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_routing(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_routing_file_of_ones_own_replaces_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What DIP_ROUTING names is the routing, whole: nothing of the shipped file is left."""
    path = tmp_path / "routing.yaml"
    path.write_text("IF-047: [{senders: [ISD], receivers: [{roles: [SUP], tier: always}]}]", encoding="utf-8")
    monkeypatch.setenv("DIP_ROUTING", str(path))
    assert load_routing().interfaces == ("IF-047",)
    assert [row.role for row in load_routing().receivers("IF-047", "ISD")] == ["SUP"]


def test_role_groups_expand() -> None:
    """MS, DS and Public stand for concrete roles; the hub is no member of the public."""
    assert expand("MS") == ("MSS", "MSA")
    assert expand("DS") == ("SDS", "ADS", "UMSDS")
    assert set(expand("Public")) == roles().keys() - {"DIP"}
    assert set(groups()) == {"MS", "DS", "Public"}
    with pytest.raises(ConfigurationError, match="Did you mean 'SUP'"):
        expand("SUPP")


def test_observed_prefixes_are_those_of_published_examples() -> None:
    """Only six prefixes were seen; the others say that they are assumed."""
    observed = {role.prefix for role in roles().values() if role.prefix_basis == "observed"}
    assert observed == {"12", "14", "18", "22", "23", "25"}
    assert {role.prefix_basis for role in roles().values()} == {"observed", "assumed"}


def test_response_codes() -> None:
    """193 published codes; a code is written with its meaning as messages carry it."""
    assert len(codes()) == 193
    assert text("MSG1006") == "MSG1006 - Sender Unique Reference Duplicated"
    assert text("MSG0000") == "MSG0000 - Success"
    assert code("RCP9999").issued_by == "recipient of a publication"
    assert code("REG1007").hint
    assert all(len(text(name)) <= 200 for name in codes())
    with pytest.raises(ConfigurationError, match="MSG1006"):
        code("MSG1O06")


def test_data_items_are_found_by_block_and_key() -> None:
    """The same key in two blocks may be two items; wrappers are none."""
    assert item_of("B023", "connectionTypeIndicator") == "DI-015"
    assert item_of("M0", "MPANCore") == "DI-063"
    assert item_of("M1", "principalMPAN") == "DI-073"
    assert item_of("B900", "MQID") == ""
    assert item_name("DI-063") == "MPAN Core"
    assert item_name("DI-9999") == ""
    assert items()["DI-010"].catalogue_key == "postcode"


@pytest.mark.parametrize("name", names())
def test_every_field_that_carries_a_value_has_a_data_item(name: str) -> None:
    """No scalar field of a block is without a data item, but for the compressed report."""
    release = load(name)
    without = {
        f"{block}.{key}"
        for block in release.blocks
        for key, node in release.block_schema(block)["properties"].items()
        if "properties" not in node and "x-block" not in node.get("items", {}) and not item_of(block, key)
    }
    assert without <= {"P03.compressedReport"}


@pytest.mark.parametrize("name", names())
def test_code_meanings_cover_the_values_that_messages_admit(name: str) -> None:
    """An item that explains its codes explains every one that the release's enum lists."""
    release = load(name)
    for block in release.blocks:
        for key, node in release.block_schema(block)["properties"].items():
            item = items().get(item_of(block, key))
            if item and item.codes and "enum" in node:
                assert {value for value in node["enum"] if value is not None} <= item.codes.keys(), item.id


def test_the_scope_of_component_integration_testing() -> None:
    """36 interfaces, all of release 2.1.0; each that is left out has a reason; the list is assumed."""
    scope = cit_scope()
    interfaces_of_release = {each for each in load("2.1.0").interfaces if each.startswith("IF-")}
    assert len(scope.interfaces) == 36
    assert scope.interfaces | scope.left_out.keys() == interfaces_of_release
    assert not scope.interfaces & scope.left_out.keys()
    assert all(scope.left_out.values())
    assert scope.basis == "assumed"


def test_alignment_claims_no_stage_that_is_not_given() -> None:
    """1.8.3 is late SIT alone, 2.x is after go-live, and component integration names no API release."""
    rows = alignment()
    stages = {name: {row.stage for row in rows if row.api_release == name} for name in names()}
    assert stages["1.8.3"] == {"late SIT"}
    assert stages["2.0.1"] == stages["2.1.0"] == stages["2.2.1"] == {"after go-live"}
    [cit] = [row for row in rows if row.stage == "Component Integration Testing"]
    assert (cit.interim_release, cit.api_release) == ("IR2", "")
    assert alignment_notes()


def test_alignment_tells_the_shipped_releases_and_their_schema_versions() -> None:
    """The rows marked as shipped are the shipped ones, with the schemaVersion that their messages state."""
    rows = [row for row in alignment() if row.shipped]
    assert {row.api_release for row in rows} == set(names())
    for row in rows:
        stated = {version for versions in row.schema_versions.values() for version in versions}
        found = {
            each for message in load(row.api_release).messages.values() for each in message.schema_versions
        }
        assert stated == found, row


def test_every_interface_has_a_name_and_a_purpose() -> None:
    """For people: what the interface is called and for."""
    assert interfaces().keys() == {interface for interface, _ in _PAIRS}
    assert all(each.name and each.purpose for each in interfaces().values())
    assert interface_name("IF-031") == "Appointment request"
    assert interface_name("IF-999") == ""
