"""The meter data retriever (IF-034 SDS-MDRUpdate, IF-035): refusals, the record, and the DCC's word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.clock import message_time
from harness.errors import ConfigurationError
from harness.spec.release import names
from simulators.participants.behaviours import Outgoing
from simulators.registration.items import Holder
from simulators.registration.services import Service as Kind
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    NOW,
    OTHER_DATA,
    OTHER_SUPPLIER,
    RETRIEVER,
    SUPPLIER,
)
from tests.simulators.registration.exchange import SMART, Exchange, midnight
from tests.simulators.registration.service import Service, named
from tests.simulators.registration.verdicts import code_of, covers

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
SINCE = NOW - 30 * DAY
POINT = {
    "mpan": MPAN, "metering_service": METERING,
    "supplier": {"dip_id": SUPPLIER, "from": message_time(SINCE), "reference": "REG-A"},
    "data_service": {"dip_id": DATA, "from": message_time(SINCE + DAY)},
}  # fmt: skip


def send(
    at: datetime | str = NOW + DAY,
    *,
    point: Mapping[str, Any] = POINT,
    retriever: tuple[str, str] = (RETRIEVER, "MDRA"),
    supplier: str = SUPPLIER,
    sender: str = DATA,
    mpan: str = MPAN,
    release: str = "2.1.0",
    accepted: datetime = NOW,
) -> tuple[Service, list[Outgoing]]:
    """Return a registration service and what it sent because of an IF-034 [SDS-MDRUpdate]."""
    service = Service(point, release=release)
    custom = {
        "B018": {
            "SDSNominatedMDRDIPID": retriever[0],
            "SDSNominatedMDRMPID": retriever[1],
            "SDSNominatedMDRRequestedEffectiveFromDate": at if isinstance(at, str) else message_time(at),
        },
        "B012": {"serviceProviderAppointmentRequestingSupplierDIPID": supplier},
        "B013": None,
    }
    sent = service.receive("IF-034", "SDS-MDRUpdate", sender, custom=custom, mpan=mpan, accepted=accepted)
    return service, sent


def held(mpid: str, since: datetime) -> dict[str, Any]:
    """Return the point with a retriever assigned."""
    known = {"dip_id": RETRIEVER} if mpid == "MDRA" else {"mpid": mpid}
    return {**POINT, "mdr": {**known, "from": message_time(since)}}


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "REG0000": ({"mpan": "1012345678907"}, {}),
    "REG1080": ({"sender": OTHER_DATA}, {}),
    "REG1084": ({"supplier": OTHER_SUPPLIER}, {}),
    "REG1088": ({"at": "the second of March, 2026"}, {}),
    "REG1081": ({"retriever": (RETRIEVER, "MDRY")}, {}),
    "REG1093": ({"retriever": (RETRIEVER, "MDRB")}, {}),
    "REG1098": ({"point": held("MDRA", NOW)}, {"point": held("MDRB", NOW)}),
    "REG1082": ({"at": NOW + 5 * DAY + SECOND}, {"at": NOW + 5 * DAY}),
    "REG1036": ({"at": SINCE + DAY - SECOND}, {"at": SINCE + DAY}),
    "REG1083": ({"point": held("MDRB", NOW), "at": NOW}, {"point": held("MDRB", NOW), "at": NOW + SECOND}),
}


@pytest.mark.parametrize("code", CASES)
def test_a_code_refuses_a_retriever_and_not_its_neighbour(code: str) -> None:
    """The nomination that breaks the rule gets the code; the one beside it is accepted."""
    broken, sound = CASES[code]
    assert code_of(send(**broken)[1]) == code
    assert code_of(send(**sound)[1]) is None


def test_the_notice_is_counted_from_when_the_dip_took_the_request() -> None:
    """What an outage held up neither gains time by it nor loses any."""
    assert code_of(send(at=NOW + 5 * DAY, accepted=NOW - SECOND)[1]) == "REG1082"
    assert code_of(send(at=NOW + 4 * DAY, accepted=NOW - DAY)[1]) is None


def test_every_code_of_retrievers_has_its_case() -> None:
    """No rule for retrievers is without a case above, and no case without a rule."""
    covers("meter data retriever", CASES)


@pytest.mark.parametrize("release", names())
def test_the_outcome_names_the_retriever_from_its_date_on(release: str) -> None:
    """IF-035 goes to the data service and tells who retrieves from when; before, nobody did."""
    service, sent = send(release=release)
    assert named(sent) == ["IF-035 SDS-MDROutcome"]
    assert sent[0].primary == (DATA,)
    assert sent[0].custom["B092"]["assignedMDRDIPID"] == RETRIEVER
    assert service.point().retriever_at(NOW + DAY) == Holder(RETRIEVER, "MDRA")
    assert service.point().retriever_at(NOW) is None


@pytest.mark.parametrize("release", names())
def test_what_the_dcc_refuses_falls_away(release: str) -> None:
    """The DCC's word goes to the data service; a refused assignment falls away."""
    service, _ = send(release=release)
    sent = service.tell("dcc-mdr-outcome", response="A")
    assert named(sent) == ["IF-035 DCC-MDROutcome"]
    assert sent[0].primary == (DATA,)
    assert sent[0].custom["B066"]["assignedMDREffectiveFromDate"] == message_time(NOW + DAY)
    assert sent[0].custom["B013"] == {"CSSRegistrationID": "REG-A"}
    assert service.point().retriever_at(NOW + DAY) is not None
    refused = service.tell("dcc-mdr-outcome", response="R", message="no such device")
    assert refused[0].custom["B066"]["responseMessage"] == "no such device"
    assert service.point().retriever_at(NOW + DAY) is None


def test_the_dcc_has_no_word_where_nobody_is_assigned() -> None:
    """An outcome without an assignment, or that is neither A nor R, is a mistake of whoever tells it."""
    service = Service(POINT)
    with pytest.raises(ConfigurationError, match="no retriever"):
        service.tell("dcc-mdr-outcome", response="A")
    with pytest.raises(ConfigurationError, match="neither A nor R"):
        service.tell("dcc-mdr-outcome", response="maybe")


@pytest.mark.parametrize("response", ["A", "R"])
def test_the_dcc_has_its_word_about_a_data_service_that_is_still_to_come(response: str) -> None:
    """The outcome goes to the coming service; a refused retriever is not assigned when it begins."""
    service = Exchange(SMART)
    asked = service.ask(
        Kind.DATA,
        provider=OTHER_DATA,
        supplierNominatedMDRDIPID=RETRIEVER,
        supplierNominatedMDRMPID="MDRA",
        supplierNominatedMDREffectiveFromDate=message_time(midnight(3)),
    )
    assert named(asked)[-1] == "IF-033 DSAppSPRequest", asked[0].common
    assert named(service.reply(Kind.DATA, provider=OTHER_DATA))[0] == "IF-035 DSAppAccepted"
    sent = service.tell("dcc-mdr-outcome", response=response)
    assert named(sent) == ["IF-035 DCC-MDROutcome"]
    assert sent[0].primary == (OTHER_DATA,)
    assert sent[0].custom["B066"]["responseCode"] == response
    assert sent[0].custom["B066"]["assignedMDRDIPID"] == RETRIEVER
    active = service.reach(midnight(3))
    assert named(active)[0] == "IF-036 DSAppActive"
    assert (active[0].custom["B019"] is not None) is (response == "A")
    assert (service.point().retriever_at(midnight(3)) is not None) is (response == "A")


def test_a_list_of_ones_own_decides_who_is_a_retriever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a user's own participants, a party of the network that they lack is no retriever."""
    head = "mpid,role,name,qualified_from,effective_from,effective_to\n"
    row = "{},MDR,,,1998-04-01,\n"
    for mpids, code in ((("MDRB",), "REG1081"), (("MDRA", "MDRB"), None)):
        folder = tmp_path / "-".join(mpids)
        folder.mkdir()
        (folder / "mpid.csv").write_text(head + "".join(row.format(each) for each in mpids))
        monkeypatch.setenv("DIP_STANDING_DATA", str(folder))
        assert code_of(send()[1]) == code
