"""Values that are hidden from recipients: off by default, by role, in publications and in replays."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.errors import ConfigurationError
from harness.spec.obfuscation import HIDDEN, ITEMS, load_hiding
from harness.spec.release import load, names
from simulators.dip.masking import NOTHING_HIDDEN, Masks
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import Bench

_EVENT = "[IMS-SendMTD]"


def _body(event: str = _EVENT, interface: str = "IF-035") -> bytes:
    payload = {
        "CommonBlock": {"S0": {"interfaceID": interface, "eventCode": event}},
        "CustomBlock": {
            "B007": {"responseCode": "A", "proposedAppointmentResponseCode": None},
            "B071": {"appointmentScenario": "COS", "supplierProposedConsentGranularity": "H"},
            "B068": {"consentGranularity": None},
        },
    }
    return orjson.dumps({"payload": payload})


def _custom(body: bytes) -> dict[str, dict[str, Any]]:
    blocks: dict[str, dict[str, Any]] = orjson.loads(body)["payload"]["CustomBlock"]
    return blocks


@pytest.mark.parametrize("release", names())
def test_every_item_that_can_be_hidden_takes_an_x(release: str) -> None:
    """In every release the four items, and no others, have an x in their list of values."""
    found: set[str] = set()

    def look(node: Any, name: str) -> None:
        if isinstance(node, dict):
            if HIDDEN in (node.get("enum") or ()):
                found.add(name)
            for key, value in node.get("properties", {}).items():
                look(value, key)
            look(node.get("items"), name)

    model = load(release)
    for name in model.messages:
        look(model.schema(name), "")
    assert found == set(ITEMS)


def test_a_role_sees_x_in_the_place_of_what_is_hidden_from_it() -> None:
    """Values become x, null stays null, and the appointment scenario stays as it is."""
    blocks = _custom(Masks(load_hiding()).body(_body(), "MSS"))
    assert blocks["B071"] == {"appointmentScenario": "COS", "supplierProposedConsentGranularity": "x"}
    assert blocks["B068"] == {"consentGranularity": None}
    assert blocks["B007"]["responseCode"] == "x"


def test_a_row_holds_for_its_interface_and_events_only() -> None:
    """The response code is hidden in the one event that the row names."""
    blocks = _custom(Masks(load_hiding()).body(_body("[DSAppAccepted]"), "MSS"))
    assert blocks["B007"]["responseCode"] == "A"
    assert _custom(Masks(load_hiding()).body(_body(_EVENT, "IF-034"), "MSS"))["B007"]["responseCode"] == "A"


def test_nothing_to_hide_leaves_the_very_bytes() -> None:
    """A party that may see everything gets the bytes that were accepted."""
    body = _body()
    assert Masks(load_hiding()).body(body, "SUP") is body
    assert NOTHING_HIDDEN.body(body, "MSS") is body


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("items: [x]", "is no list"),
        ("- {items: [MPAN], hidden_from: [SUP]}", "'MPAN' can't be hidden"),
        ("- {items: [responseCode], hidden_from: [SUPP]}", "SUPP"),
        ("- {items: [responseCode]}", "nobody to hide them from"),
        ("- {items: [responseCode], hidden_from: [DS], basis: guess}", "is no basis"),
        ("- {item: [responseCode], hidden_from: [DS]}", "unknown key 'item'"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, says: str) -> None:
    """A row that can't be used is a ConfigurationError that names it."""
    path = tmp_path / "obfuscation.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=says):
        load_hiding(path)


def test_with_the_setting_publications_and_replays_hide_values(
    tmp_path: Path, network_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over TLS the enquiry service gets x, at first and in a replay, and the data service gets the value."""
    settings = tmp_path / "settings.yaml"
    settings.write_text("obfuscation.on: true\n")
    monkeypatch.setenv("DIP_SETTINGS", str(settings))
    bench = Bench(EmbeddedTarget(["2.1.0"], network_folder, worker="masking"))
    try:
        sender, served, enquiry = bench.party("REGS"), bench.party("SDS"), bench.party("EES")
        tag = bench.tag()
        message = bench.message(
            "IF-036",
            "DSAppActive",
            sender,
            (served,),
            tag=tag,
            overrides={"B068.consentGranularity": "H"},
        )
        assert bench.send(message, party=sender).status == 201
        receipts = bench.settle(tag)["receipts"]
        seen = {receipt["party"]: receipt for receipt in receipts}
        values = {
            party: orjson.loads(base64.b64decode(seen[party]["body_base64"]))[0]["payload"]["CustomBlock"][
                "B068"
            ]
            for party in (served.dip_id, enquiry.dip_id)
        }
        assert values[served.dip_id]["consentGranularity"] == "H"
        assert values[enquiry.dip_id]["consentGranularity"] == "x"
        assert seen[enquiry.dip_id]["answer_status"] == 201, "x is a value that the recipient takes"
        request = dict.fromkeys(("datetimeFrom", "datetimeTo", "eventCode", "MPAN", "version"))
        answer = bench.client().request(
            enquiry, "POST", f"/dip-channel/IF-036/replay/{enquiry.dip_id}", orjson.dumps(request)
        )
        assert answer.status == 200, answer.body
        [replayed] = orjson.loads(answer.body)
        assert replayed["payload"]["CustomBlock"]["B068"]["consentGranularity"] == "x"
    finally:
        bench.close()
