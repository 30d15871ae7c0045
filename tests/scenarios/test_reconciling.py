"""The oracle of reports adds up by itself, and counts each value that was sent once."""

from __future__ import annotations

import base64
import copy
import zlib
from typing import Any

import orjson
import pytest

from harness.errors import ConfigurationError
from harness.messages.build import compress_report
from harness.scenarios import reconciling
from harness.scenarios.publications import Publication
from harness.scenarios.reconciling import consumed_watt_hours, departures, opened, reported_watt_hours

MDS, SUPPLIER = "1800000001", "2300000001"


def published(payload: dict[str, Any], party: str = MDS) -> Publication:
    """Return a publication of a payload to a party."""
    return Publication(party, "MDS", payload, b"", "", {}, 201, b"")


def message(
    interface: str,
    event: str,
    reference: str,
    custom: dict[str, Any],
    *,
    sender: str = "1400000001",
    of: str = "",
) -> dict[str, Any]:
    """Return a payload with what the oracle reads."""
    return {
        "CommonBlock": {
            "S0": {"interfaceID": interface, "eventCode": f"[{event}]"},
            "S1": {"senderUniqueReference": reference, "senderDIPID": sender, "senderCorrelationID": of},
            "M0": {"MPANCore": "1012345678906"},
        },
        "CustomBlock": custom,
    }


def consumption(reference: str, *values: str, day: str = "2026-07-01") -> dict[str, Any]:
    """Return IF-021 of the first periods of a day, in kWh."""
    periods = [{"sp": f"{day}T00:{30 * n:02d}", "v": value} for n, value in enumerate(values, start=1)]
    return message(
        "IF-021",
        "ActivePower",
        reference,
        {
            "B900": {
                "MQID": {"measurementQuantityID": "AI"},
                "settlementDayConsumptionPeriods": [
                    {"settlementDay": {"settlementDayDate": day}, "consumptionPeriods": periods}
                ],
            }
        },
    )


def tariff(*volumes: str, actual: str, estimated: str = "0.000000") -> dict[str, Any]:
    """Return the body of a report for one tariff."""
    return {
        "R002": {"settlementDate": "2026-07-01"},
        "REP002-R027": [
            {
                "REP002-R013": [
                    {
                        "REP002-R010": [
                            {
                                "R0105": {
                                    "dailyTotalVolumeBasedOnActualData": actual,
                                    "dailyTotalVolumeBasedOnEstimatedData": estimated,
                                },
                                "REP002-R011": [{"totalUncorrectedVolume": each} for each in volumes],
                            }
                        ]
                    }
                ]
            }
        ],
    }


def test_a_value_counts_once_and_the_last_one_counts() -> None:
    """An amended day replaces the first one, a refused one never counts, another day stays out."""
    refusal = message("IF-014", "ActivePowerRejected", "S-3", {}, sender=MDS, of="S-2")
    listed = [
        published(consumption("S-1", "1.000", "2.000")),
        published(consumption("S-1", "1.000", "2.000"), SUPPLIER),
        published(consumption("S-4", "1.500")),
        published(consumption("S-2", "900.000", "900.000")),
        published(refusal, "1400000001"),
        published(consumption("S-5", "7.000", day="2026-07-02")),
    ]
    assert consumed_watt_hours(listed, "2026-07-01", MDS) == 3500


def test_volumes_are_counted_to_the_watt_hour() -> None:
    """MWh with six decimals are Wh."""
    assert reported_watt_hours([tariff("0.000001", "1.000000", actual="1.000001")] * 2) == 2_000_002


@pytest.mark.parametrize(
    ("body", "right"),
    [
        (tariff("0.001000", "0.002000", actual="0.001000", estimated="0.002000"), True),
        (tariff("0.001000", "0.002000", actual="0.003000", estimated="0.003000"), False),
        (tariff("0.001000", "0.002000", actual="0.002000"), False),
        (tariff("x", actual="0.000000"), False),
    ],
)
def test_a_daily_total_is_the_sum_of_its_periods(body: dict[str, Any], right: bool) -> None:
    """Actual and estimated volume together are that of the periods; what is no number adds up to nothing."""
    assert (not departures(body)) is right


def test_an_invoice_with_one_penny_more_is_found() -> None:
    """An invoice adds up, and does not once one amount is changed."""
    invoice = {
        "R900-03": [
            {
                "R900-04": [
                    {
                        "totalInvoiceAmountExVAT": "10.00",
                        "totalInvoiceVAT": "2.00",
                        "totalInvoiceAmountIncVAT": "12.00",
                        "R900-05": [
                            {
                                "quantity": "4.000",
                                "price": "2.50000",
                                "totalChargeForChargeTypeExVAT": "10.00",
                            }
                        ],
                    }
                ]
            }
        ]
    }
    assert departures(invoice) == []
    wrong = copy.deepcopy(invoice)
    wrong["R900-03"][0]["R900-04"][0]["totalInvoiceAmountIncVAT"] = "12.01"
    assert departures(wrong) == [
        "R900-03.0.R900-04.0.totalInvoiceAmountIncVAT is 12.01, its parts make 12.00"
    ]


def test_a_report_is_opened_or_said_to_be_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was packed comes back; what is no base64, no zlib, no object or far too large is refused."""
    body = tariff("0.001000", actual="0.001000")
    assert opened(published({"CustomBlock": {"P03": {"compressedReport": compress_report(body)}}})) == body
    for packed in ("%%%", base64.b64encode(b"no zlib").decode(), compress_report([])):  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError):
            opened(published({"CustomBlock": {"P03": {"compressedReport": packed}}}))
    monkeypatch.setattr(reconciling, "MOST_BYTES", 1000)
    large = base64.b64encode(zlib.compress(orjson.dumps({"a": "x" * 5000}))).decode()
    with pytest.raises(ConfigurationError, match="unpacked"):
        opened(published({"CustomBlock": {"P03": {"compressedReport": large}}}))
