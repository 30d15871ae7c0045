"""What registration writes of its standing data: every block, as held, and nothing where nothing is held."""

from __future__ import annotations

from typing import Any

import pytest

from harness.messages.identifiers import mpan
from simulators.registration.blocks import current_services, standing_blocks
from simulators.registration.items import Item
from simulators.registration.loading import LONG_AGO
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    NOW,
    OTHER_METERING,
    OTHER_SUPPLIER,
    RETRIEVER,
    SUPPLIER,
)
from tests.simulators.registration.exchange import Exchange, midnight
from tests.simulators.registration.service import written

EXPORT, SECONDARY = mpan("10", 456), mpan("10", 789)
SINCE = "2025-06-01T00:00:00+01:00"
WRITTEN = "2025-05-31T23:00:00+00:00"


def dated(value: object) -> dict[str, object]:
    """Return an item's value from a date on."""
    return {"value": value, "from": SINCE}


WHOLE: dict[str, Any] = {
    "mpan": MPAN,
    "supplier": SUPPLIER,
    "metering_service": METERING,
    "data_service": DATA,
    "mdr": RETRIEVER,
    "market_segment": dated("S"),
    "connection_type": dated("W"),
    "energy_direction": "I",
    "metered": True,
    "energisation": dated("D"),
    "domestic": dated(True),
    "profile_class": dated("01"),
    "ssc": dated("0393"),
    "duos_tariff": dated("123"),
    "smso": dated("SMSA"),
    "ihd": dated("I"),
    "dcc": dated("A"),
    "gsp_group": "_A",
    "annual_consumption": {"kwh": "3100.000", "quality": "A", "from": SINCE},
    "direct_contract_data": {"dip_id": DATA, "until": "2027-01-01T00:00:00+00:00"},
    "address": {
        "lines": [None, None, "Mill House", "7", "High Street", None, None, "Ely", None],
        "postcode": "CB7 4AA",
    },
    "linked": {"principal": MPAN, "subsidiaries": [EXPORT]},
    "related": {"primary": MPAN, "secondaries": [SECONDARY]},
    "meters": [
        {"serial": "OLD", "kind": "N", "installed": "2020-01-01", "removed": SINCE},
        {
            "serial": "NEW", "kind": "S2A", "installed": SINCE,
            "location": "K", "digits": 5, "make": "AISIDE",
            "esme": "0C-A2-F4-EC-F0-7C-B1-32",
            "asset_providers": [
                {"provider": "MAPA", "effective_from": SINCE},
                {"provider": "MAPB", "effective_from": "2026-01-01"},
            ],
        },
    ],
}  # fmt: skip
BLOCKS: dict[str, Any] = {
    "B004": {"domesticPremiseIndicator": True, "domesticPremiseIndicatorEffectiveFromDate": WRITTEN},
    "B005": {
        "currentMeteringServiceDIPID": METERING,
        "currentMeteringServiceMPID": "MSSA",
        "currentDataServiceDIPID": DATA,
        "currentDataServiceMPID": "SDSA",
    },
    "B006": {
        "customerDirectContractMeteringService": False,
        "customerDirectContractMeteringServiceDIPID": None,
        "customerDirectContractDataService": True,
        "customerDirectContractDataServiceDIPID": DATA,
    },
    "B023": {
        "connectionTypeIndicator": "W",
        "connectionTypeEffectiveFromDate": WRITTEN,
        "energyDirection": "I",
        "meteredIndicator": True,
    },
    "B024": {"DUOSTariffID": "123", "DUOSTariffIDEffectiveFromDate": WRITTEN},
    "B025": {"energisationStatus": "D", "energisationStatusEffectiveFromDate": WRITTEN},
    "B026": {"marketSegmentIndicator": "S", "marketSegmentIndicatorEffectiveFromDate": WRITTEN},
    "B027": {
        "annualConsumption": "3100.000",
        "annualConsumptionQualityIndicator": "A",
        "annualConsumptionEffectiveFromDate": WRITTEN,
    },
    "B028": {"domesticPremiseIndicator": True, "domesticPremiseIndicatorEffectiveFromDate": WRITTEN},
    "B029": {"DCCServiceFlag": "A", "DCCEffectiveFromDate": WRITTEN},
    "B030": {"IHDInstallStatus": "I", "IHDEffectiveFromDate": WRITTEN},
    "B031": {"SMSOID": "SMSA", "SMSOEffectiveFromDate": WRITTEN},
    "B032": {
        "profileClass": "01",
        "profileClassEffectiveFromDate": WRITTEN,
        "SSC": "0393",
        "SSCEffectiveFromDate": WRITTEN,
    },
    "B037List": [{"primaryMPAN": MPAN, "secondaryMPAN": SECONDARY}],
    "B035List": [
        {
            "linkedImportExportMPAN": EXPORT,
            "linkedMPANEnergyDirection": "E",
            "importExportMPANSupplierDIPID": OTHER_SUPPLIER,
            "importExportMPANSupplierMPID": "SUPB",
        }
    ],
}


def service(release: str = "2.1.0") -> Exchange:
    """Return a service with a point that has everything, and its linked export."""
    export = {"mpan": EXPORT, "supplier": OTHER_SUPPLIER, "linked": WHOLE["linked"]}
    return Exchange(WHOLE, export, release=release)


def test_everything_that_is_held_is_written() -> None:
    """Each block has the values on record and the dates from which they are in force."""
    held = service()
    found = standing_blocks(held.point(), NOW, held.register.find)
    assert {name: found[name] for name in BLOCKS} == BLOCKS
    assert found["B022"]["addressLine3"] == "Mill House"
    assert found["B022"]["meteringPointPostcode"] == "CB7 4AA"
    assert found["B907List"] == [{"existingMeter": BLOCKS["B035List"][0]}]
    assert found["B908List"] == [{"existingMeter": BLOCKS["B037List"][0]}]


def test_the_meter_in_place_and_its_last_owner_are_listed() -> None:
    """A removed meter is not."""
    (listed,) = standing_blocks(service().point(), NOW)["B905List"]
    assert listed["existingMeter"]["meterID"] == "NEW"
    assert listed["existingMeter"]["ESMEGUID"] == "0C-A2-F4-EC-F0-7C-B1-32"
    assert listed["existingMAP"]["meterAssetProviderID"] == "MAPB"


def test_an_export_names_its_import() -> None:
    """Seen from the other side the relationship leads back, with the import's direction and supplier."""
    held = service()
    (link,) = standing_blocks(held.point(EXPORT), NOW, held.register.find)["B035List"]
    assert link == {
        "linkedImportExportMPAN": MPAN,
        "linkedMPANEnergyDirection": "I",
        "importExportMPANSupplierDIPID": SUPPLIER,
        "importExportMPANSupplierMPID": "SUPA",
    }


def test_what_is_not_held_is_not_named() -> None:
    """A point of which nothing is on record leaves every block to the message's builder."""
    sparse = Exchange({"mpan": MPAN, "supplier": SUPPLIER})
    assert standing_blocks(sparse.point(), NOW) == {}


@pytest.mark.parametrize(
    ("item", "blocks"),
    [
        ("dcc", ["B029"]),
        ("ihd", ["B030"]),
        ("smso", ["B031"]),
        ("annual_consumption", ["B027"]),
        ("linked", ["B035List", "B907List"]),
        ("related", ["B037List", "B908List"]),
    ],
)
def test_what_is_on_record_as_none_is_left_out(item: str, blocks: list[str]) -> None:
    """A block about which it is on record that there is nothing does not stand in the message."""
    held = Exchange({"mpan": MPAN, "supplier": SUPPLIER, item: "none"})
    found = standing_blocks(held.point(), NOW)
    assert found == dict.fromkeys(blocks)


def test_a_relationship_without_members_lists_none() -> None:
    """The lists are left out where nobody but the point itself belongs to it."""
    alone = {
        "linked": {"principal": MPAN, "subsidiaries": []},
        "related": {"primary": MPAN, "secondaries": []},
    }
    held = Exchange({"mpan": MPAN, "supplier": SUPPLIER, **alone})
    assert set(standing_blocks(held.point(), NOW).values()) == {None}


def test_a_point_without_meters_lists_none() -> None:
    """Where the last meter is gone the list is left out."""
    held = Exchange({"mpan": MPAN, "supplier": SUPPLIER, "meters": []})
    assert standing_blocks(held.point(), NOW) == {"B905List": None}


def test_one_service_alone_is_named() -> None:
    """Of the other one, and of a legacy agent, nothing is said; of two of them there is no block."""
    held = Exchange(
        {"mpan": MPAN, "supplier": SUPPLIER, "metering_service": METERING, "data_service": {"mpid": "DCAA"}}
    )
    assert current_services(held.point(), NOW) == {
        "currentMeteringServiceDIPID": METERING,
        "currentMeteringServiceMPID": "MSSA",
        "currentDataServiceDIPID": None,
        "currentDataServiceMPID": None,
    }
    legacy = held.point().put(Item.METERING_SERVICE, None, LONG_AGO, NOW)
    assert current_services(legacy, NOW) is None


@pytest.mark.parametrize("release", ["1.8.3", "2.0.1", "2.1.0", "2.2.1"])
def test_messages_with_all_of_it_are_valid(release: str) -> None:
    """IF-001, IF-002, IF-033 and IF-036 carry what the release has a place for, and nothing else."""
    held = service(release)
    held.tell("switch-pending", supplier=OTHER_SUPPLIER, effective=midnight(9).isoformat(), registration="R1")
    held.ask(
        provider=OTHER_METERING,
        scenario="COS",
        supplier=OTHER_SUPPLIER,
        registration="R1",
        effective=midnight(9),
    )
    held.reply(provider=OTHER_METERING, supplier=OTHER_SUPPLIER)
    held.tell("switch-secured-active")
    held.reach(midnight(9))
    own = [message for message in held.sent if message.mpan == MPAN]
    sent = {message.interface: written(message, held.acting())["CustomBlock"] for message in own}
    for interface in ("IF-001", "IF-002", "IF-033", "IF-036"):
        assert sent[interface]["B025"] == BLOCKS["B025"]
        assert sent[interface]["B032"] == BLOCKS["B032"]
    assert sent["IF-033"]["B905List"][0]["existingMeter"]["meterID"] == "NEW"
    assert sent["IF-036"]["B035List"] == BLOCKS["B035List"]
