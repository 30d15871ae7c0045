"""Parties in the custom block: DIP id and MPID of one field pair always belong to the same party.

Which party a field means is assumed where the message leaves it open: an incoming or requesting supplier is
the role's own party; an outgoing or incumbent one is another; where a service is de-appointed, it is the
role's own party unless an incumbent is named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from harness.messages.story import Story
from harness.messages.values.table import Make, Value, fixed

Party: TypeAlias = Callable[[Story], tuple[str, str]]


def _supplier(story: Story) -> tuple[str, str]:
    return story.context.party("SUP")


def _incoming_supplier(story: Story) -> tuple[str, str]:
    if story.interface == "IF-003" or story.context.has("SUP", "incoming"):
        return story.context.party("SUP", "incoming")
    return _supplier(story)


def _outgoing_supplier(story: Story) -> tuple[str, str]:
    return story.context.party("SUP", "outgoing")


def _metering(story: Story) -> tuple[str, str]:
    return story.context.party(story.metering_role)


def _data(story: Story) -> tuple[str, str]:
    return story.context.party(story.data_role)


def _incumbent_metering(story: Story) -> tuple[str, str]:
    return (
        _metering(story) if story.scenario == "USP" else story.context.party(story.metering_role, "incumbent")
    )


def _leaving(role: str, story: Story) -> tuple[str, str]:
    return (
        story.context.party(role, "incumbent")
        if story.context.has(role, "incumbent")
        else story.context.party(role)
    )


def _arriving(role: str, story: Story) -> tuple[str, str]:
    if story.interface == "IF-037" and not story.context.has(role, "incumbent"):
        return story.context.party(role, "incoming")
    return story.context.party(role)


def _retriever(story: Story) -> tuple[str, str]:
    return story.context.party("MDR")


def _nominated(story: Story) -> tuple[str, str] | tuple[None, None]:
    return _retriever(story) if story.point.smart else (None, None)


def _dip_id(party: Callable[[Story], tuple[str | None, str | None]]) -> Make:
    return lambda story: party(story)[0]


def _mpid(party: Callable[[Story], tuple[str | None, str | None]]) -> Make:
    return lambda story: party(story)[1]


def _pair(
    name: str, dip_item: str, mpid_item: str, party: Callable[[Story], tuple[str | None, str | None]]
) -> dict[str, Value]:
    return {f"{name}DIPID": Value(dip_item, _dip_id(party)), f"{name}MPID": Value(mpid_item, _mpid(party))}


VALUES = {
    **_pair("incomingSupplier", "DI-803", "DI-200", _incoming_supplier),
    **_pair("outgoingSupplier", "DI-805", "DI-201", _outgoing_supplier),
    **_pair("currentSupplier", "DI-218", "DI-219", _supplier),
    **_pair("serviceProviderAppointmentRequestingSupplier", "DI-847", "DI-206", _supplier),
    **_pair("importExportMPANSupplier", "DI-801", "DI-212", _supplier),
    **_pair("currentMeteringService", "DI-809", "DI-207", _metering),
    **_pair("currentDataService", "DI-811", "DI-208", _data),
    **_pair("proposedMeteringService", "DI-828", "DI-213", _metering),
    **_pair("proposedDataService", "DI-831", "DI-214", _data),
    **_pair("incumbentMeteringService", "DI-807", "DI-217", _incumbent_metering),
    **_pair("deAppointedMeteringService", "DI-813", "DI-202", lambda s: _leaving(s.metering_role, s)),
    **_pair("deAppointedDataService", "DI-816", "DI-203", lambda s: _leaving(s.data_role, s)),
    **_pair("incomingMeteringService", "DI-822", "DI-204", lambda s: _arriving(s.metering_role, s)),
    **_pair("incomingDataService", "DI-825", "DI-205", lambda s: _arriving(s.data_role, s)),
    **_pair("SDSNominatedMDR", "DI-839", "DI-216", _retriever),
    **_pair("assignedMDR", "DI-842", "DI-209", _retriever),
    **_pair("supplierNominatedMDR", "DI-834", "DI-215", _nominated),
    "issuingDataServiceDIPID": Value("DI-845", _dip_id(_data)),
    "settlementImpactedDataServiceDIPID": Value("DI-155", _dip_id(_data)),
    "settlementImpactedSupplierDIPID": Value("DI-157", _dip_id(_supplier)),
    "customerDirectContractMeteringServiceDIPID": Value("DI-140", _dip_id(_metering)),
    "customerDirectContractDataServiceDIPID": Value("DI-138", _dip_id(_data)),
    "B006.customerDirectContractMeteringServiceDIPID": Value("DI-140", fixed(None)),
    "B006.customerDirectContractDataServiceDIPID": Value("DI-138", fixed(None)),
    "ReverseMigrationIncomingMOPMPID": Value("DI-501", _mpid(lambda s: s.context.party("MOP"))),
    "ReverseMigrationIncomingDCMPID": Value("DI-503", _mpid(lambda s: s.context.party("DC"))),
    "supplierDIPID": Value("DI-087", _dip_id(_supplier)),
    "supplierMPID": Value("DI-495", _mpid(_supplier)),
    "LDSODIPID": Value("DI-613", _dip_id(lambda s: s.context.party("LDSO"))),
    "distributorID": Value("DI-029", _mpid(lambda s: s.context.party("LDSO"))),
    "embeddedLDSOID": Value("DI-483", _mpid(lambda s: s.context.party("LDSO", "embedded"))),
}
