"""The faults that can be seeded into simulated participants; each stands for a defect of a real system."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from simulators.participants.seeded import Fault, fault
from simulators.participants.spoiling import (
    an_hour,
    changed,
    charged,
    deaf,
    doubled,
    doubled_volume,
    dropped,
    estimated_twice,
    hour_off,
    neighbour,
    of,
    other_recipient,
    periods,
    places,
    reversed_order,
    scaled,
)

METERING = frozenset({"MSS", "MSA"})
PROVIDERS = frozenset({"MSS", "MSA", "UMSO", "SDS", "ADS", "UMSDS"})
DATA = frozenset({"SDS", "ADS", "UMSDS"})
EVERYBODY = PROVIDERS | {"SUP", "LDSO", "MDS", "LSS", "VAS", "ISD", "EES", "MDR", "DCC"}
_ANSWER = of("IF-034", "MSAppSPResponse", "DSAppSPResponse")
_EXCHANGE = of("IF-005", "MeterExchange")

for each in (
    Fault("answer-lost", PROVIDERS, "a request to be appointed is never answered", sends=dropped(_ANSWER)),
    Fault(
        "answer-late", PROVIDERS, "a request to be appointed is answered ten days late",
        late=timedelta(days=10), is_late=_ANSWER,
    ),
    Fault("answer-twice", PROVIDERS, "the same answer goes out twice", sends=doubled(_ANSWER)),
    Fault(
        "answer-elsewhere", PROVIDERS, "the answer goes to another registration service",
        sends=changed(_ANSWER, other_recipient),
    ),
    Fault(
        "answer-other-mpan", PROVIDERS, "the answer names the neighbour's metering point",
        sends=changed(_ANSWER, neighbour),
    ),
    Fault(
        "answer-contradicts", PROVIDERS, "accepted, with the code of a refusal",
        sends=places(_ANSWER, B007__responseCode="A", B007__proposedAppointmentResponseCode="SP004"),
    ),
    Fault(
        "answer-without-code", PROVIDERS, "the answer has no SP or DS code",
        sends=places(_ANSWER, B007__proposedAppointmentResponseCode=None),
    ),
    Fault(
        "answer-uncorrelated", PROVIDERS, "the answer does not name what it answers",
        sends=changed(_ANSWER, lambda message, _: replace(message, correlation=None)),
    ),
    Fault(
        "nomination-lost", frozenset({"SDS"}), "the data service accepts and forgets its retriever",
        sends=changed(_ANSWER, lambda message, _: replace(message, custom={**message.custom, "B018": None})),
    ),
    Fault(
        "nomination-mismatched", frozenset({"SDS"}), "MPID and DIP id of the nominated retriever don't match",
        sends=changed(
            lambda message: message.interface == "IF-034" and bool(message.custom.get("B018")),
            lambda message, _: replace(
                message, places={**message.places, "B018.SDSNominatedMDRMPID": "ZZZZ"}
            ),
        ),
    ),
    Fault(
        "exchange-first", METERING, "registration hears of the exchange before the readings are sent",
        sends=reversed_order(frozenset({"IF-005", "IF-041"})),
    ),
    Fault(
        "removal-reading-lost", METERING, "the reading of the removed meter is never sent",
        sends=dropped(of("IF-041", "ReadingRemv")),
    ),
    Fault(
        "installation-reading-lost", METERING, "the first reading of the new meter is never sent",
        sends=dropped(of("IF-041", "ReadingInstl")),
    ),
    Fault("exchange-lost", METERING, "registration never hears of the exchange", sends=dropped(_EXCHANGE)),
    Fault(
        "exchange-wrong-meter", METERING, "the exchange removes a meter that was never there",
        sends=places(_EXCHANGE, B039__meterIDRemoved="Z99Z999999"),
    ),
    Fault(
        "device-id-lost", METERING, "the new meter is reported without its device id",
        sends=places(_EXCHANGE, B906__existingMeter__ESMEGUID=None),
    ),
    Fault(
        "energisation-inverted", METERING | {"UMSO"}, "energised is reported for de-energised",
        sends=changed(
            of("IF-007", "EnergisationStatusChange"),
            lambda message, _: replace(
                message,
                places={
                    **message.places,
                    "B025.energisationStatus": "D"
                    if message.places.get("B025.energisationStatus") == "E"
                    else "E",
                },
            ),
        ),
    ),
    Fault("consumption-lost", DATA, "a day's consumption is never sent", sends=dropped(of("IF-021"))),
    Fault(
        "consumption-short", DATA, "the last two periods of each day are missing",
        sends=periods(lambda found: found[:-2] or found),
    ),
    Fault(
        "consumption-shifted", DATA, "periods are written in clock time, an hour off in summer",
        sends=periods(lambda found: [an_hour(period) for period in found]),
    ),
    Fault(
        "consumption-doubled", DATA, "every value is counted twice",
        sends=periods(lambda found: [scaled(period, 2) for period in found]),
    ),
    Fault(
        "consumption-negative", DATA, "export is sent as negative import",
        sends=periods(lambda found: [scaled(period, -1) for period in found]),
    ),
    Fault(
        "consumption-repeated-period", DATA, "the first period of a day is listed twice",
        sends=periods(lambda found: [found[0], *found][:48]),
    ),
    Fault(
        "estimate-unexplained", DATA, "estimates go out without a reason code",
        sends=periods(lambda found: [{**p, "q": "E1", "e": None} for p in found[:1]] + found[1:]),
    ),
    Fault(
        "amendment-unexplained", frozenset({"SDS", "ADS"}), "amended consumption goes out without its reason",
        sends=periods(lambda found: [{**period, "arc": None} for period in found]),
    ),
    Fault(
        "amendment-answer-lost", frozenset({"SDS", "ADS"}), "a request for an amendment is never answered",
        sends=dropped(of("IF-028")),
    ),
    Fault(
        "dismissal-missed", PROVIDERS, "the party goes on after its appointment has ended",
        hears=deaf("IF-037"),
    ),
    Fault(
        "appointment-missed", EVERYBODY, "the party does not take in who is appointed", hears=deaf("IF-036")
    ),
    Fault(
        "retrieval-not-stopped", frozenset({"SDS"}), "the retriever is never told to stop",
        sends=dropped(of("IF-063")),
    ),
    Fault(
        "retrieval-not-started", frozenset({"SDS"}), "the retriever is never told to start",
        sends=dropped(of("IF-061")),
    ),
    Fault(
        "retrieved-for-another", frozenset({"MDR"}), "retrieved data goes to another data service",
        sends=changed(
            lambda message: message.interface in ("IF-064", "IF-065"), other_recipient
        ),
    ),
    Fault("start-unanswered", frozenset({"MDR"}), "IF-061 is never answered", sends=dropped(of("IF-062"))),
    Fault(
        "rejection-lost", frozenset({"MDS"}), "refused consumption is refused without a word",
        sends=dropped(of("IF-014")),
    ),
    Fault(
        "rejection-uncoded", frozenset({"MDS"}), "refused consumption is refused without a code",
        sends=places(of("IF-014"), R0__responseMessages=["Not accepted"]),
    ),
    Fault(
        "default-lost", frozenset({"MDS"}), "nobody hears that consumption was defaulted",
        sends=dropped(of("IF-013")),
    ),
    Fault(
        "default-wrong-run", frozenset({"MDS"}), "a default names another settlement run",
        sends=places(of("IF-013"), B049__settlementCode="DF"),
    ),
    Fault(
        "charges-doubled", frozenset({"MDS"}), "a report for charges holds every volume twice",
        sends=charged(doubled_volume),
    ),
    Fault(
        "charges-unbalanced", frozenset({"MDS"}), "a report for charges does not add up",
        sends=charged(estimated_twice),
    ),
    Fault(
        "consumption-unheard", frozenset({"MDS"}), "consumption is not taken in", hears=deaf("IF-021")
    ),
    Fault(
        "energisation-missed", EVERYBODY, "a change of energisation is not taken in", hears=deaf("IF-008"),
    ),
    Fault(
        "appointed-on-registration-date", frozenset({"SUP"}), "the effective date is an hour off in summer",
        sends=changed(
            of("IF-031"),
            lambda message, _: replace(message, places={**message.places, **hour_off(message)}),
        ),
    ),
    Fault("appointment-forgotten", frozenset({"SUP"}), "the data service is not appointed",
          sends=dropped(of("IF-031", "DSApp"))),
    Fault("load-shapes-lost", frozenset({"LSS"}), "load shapes are not published",
          sends=dropped(lambda message: message.interface in ("IF-022", "IF-023"))),
    Fault("replay-applied", EVERYBODY, "a transaction that came before is applied as new", repeats=True),
):  # fmt: skip
    fault(each)
