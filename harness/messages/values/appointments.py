"""Appointments: scenario, dates, contracts, consent, de-appointment, reverse migration."""

from __future__ import annotations

from datetime import timedelta

from harness.messages.story import Story
from harness.messages.values.table import Value, fixed
from harness.spec.codes import text

ACCEPTED = "SP000"
REFUSED = "SP004"


def _effective(story: Story) -> str:
    return story.at(story.effective)


def _response_code(story: Story) -> str | None:
    code = {"A": ACCEPTED, "R": REFUSED}.get(story.outcome)
    return text(code) if code else None


def _contract(prefix: str, story: Story) -> str:
    return f"{prefix}-{story.segment}-{int(story.point.mpan[-6:] or 0):06d}"


def _mdr_start(story: Story) -> str | None:
    return _effective(story) if story.point.smart else None


VALUES = {
    "appointmentScenario": Value("DI-800", lambda s: s.scenario),
    "contractReferenceMeteringService": Value("DI-019", lambda s: _contract("MTR", s)),
    "contractReferenceDataService": Value("DI-020", lambda s: _contract("DAT", s)),
    "proposedMeteringServiceDIPEffectiveFromDate": Value("DI-830", _effective),
    "proposedDataServiceDIPEffectiveFromDate": Value("DI-833", _effective),
    "incomingMeteringServiceEffectiveFromDate": Value("DI-824", _effective),
    "incomingDataServiceEffectiveFromDate": Value("DI-827", _effective),
    "supplierNominatedMDREffectiveFromDate": Value("DI-836", _mdr_start),
    "SDSNominatedMDRRequestedEffectiveFromDate": Value("DI-841", _effective),
    "assignedMDREffectiveFromDate": Value("DI-844", _effective),
    "assignedMDREffectiveToDate": Value("DI-850", _effective),
    "proposedAppointmentResponseCode": Value("DI-143", _response_code),
    "supplierProposedConsentGranularity": Value("DI-838", lambda s: s.point.consent),
    "supplierProposedDomesticIndicator": Value("DI-837", lambda s: s.point.domestic),
    "traditionalFallBackReadFrequency": Value("DI-126", lambda s: s.point.fallback_frequency),
    "consentGranularity": Value("DI-017", lambda s: s.point.consent),
    "consentGranularityEffectiveFromDate": Value(
        "DI-018", lambda s: s.at(s.today if s.interface in {"IF-025", "IF-026"} else s.point.agents_since)
    ),
    "supplierEffectiveFromDate": Value("DI-086", _effective),
    "currentSupplierEffectiveFromDate": Value("DI-086", lambda s: s.at(s.point.supplied_since)),
    "supplierEffectiveToDate": Value("DI-121", lambda s: s.at(s.effective - timedelta(days=1))),
    "currentMeteringServiceEffectiveFromDate": Value("DI-061", lambda s: s.at(s.point.agents_since)),
    "currentDataServiceEffectiveFromDate": Value("DI-023", lambda s: s.at(s.point.agents_since)),
    "meteringServiceEffectiveFromDate": Value("DI-061", lambda s: s.at(s.point.agents_since)),
    "meteringServiceEffectiveToDate": Value("DI-815", _effective),
    "dataServiceEffectiveFromDate": Value("DI-023", lambda s: s.at(s.point.agents_since)),
    "dataServiceEffectiveToDate": Value("DI-818", _effective),
    "deAppointmentReasonCode": Value("DI-819", lambda s: s.de_appointment_reason),
    "customerDirectContractMeteringService": Value("DI-021", fixed(False)),
    "customerDirectContractDataService": Value("DI-022", fixed(False)),
    "customerDirectContractMeteringServiceEffectiveToDate": Value(
        "DI-145", lambda s: s.at(s.today + timedelta(days=365))
    ),
    "customerDirectContractDataServiceEffectiveToDate": Value(
        "DI-146", lambda s: s.at(s.today + timedelta(days=365))
    ),
    "MHHSRegimeEndDate": Value("DI-500", lambda s: s.at(s.effective - timedelta(days=1))),
    "ReverseMigrationIncomingMOPEffectiveFromDate": Value("DI-502", _effective),
    "ReverseMigrationIncomingDCEffectiveFromDate": Value("DI-504", _effective),
}
