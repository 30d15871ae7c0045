"""Which RCP code answers which finding on a publication.

The codes and their meanings are published; which condition leads to which code is not, so every row has a
basis of its own. The first row that fits decides: rows for single items stand before rows for kinds of
findings.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.spec.examine import Finding


@dataclass(frozen=True, slots=True)
class Row:
    """Findings of ``kinds`` (empty: any) at or below the pointer ``item`` (empty: anywhere) get ``code``."""

    item: str
    kinds: frozenset[str]
    code: str
    basis: str
    reason: str

    def fits(self, pointer: str, kind: str) -> bool:
        """Say whether a finding of ``kind`` at ``pointer`` falls under this row."""
        at_item = not self.item or pointer == self.item or pointer.startswith(self.item + "/")
        return at_item and (not self.kinds or kind in self.kinds)


def _item(item: str, code: str, reason: str) -> Row:
    return Row(f"/CommonBlock/{item}", frozenset(), code, "assumed", reason)


def _kind(kind: str, code: str, reason: str) -> Row:
    return Row("", frozenset({kind}), code, "assumed", reason)


TABLE: tuple[Row, ...] = (
    _kind(
        "wrong-case", "RCP1001", "publications carry the published case (published), no code is named for it"
    ),
    _kind("duplicate-key", "RCP1001", "an object that names a key twice is no message"),
    _kind("unknown-field", "RCP1001", "a field that a closed block does not define"),
    _item("S0/interfaceID", "RCP1002", "the code's meaning names the item"),
    _item("S0/eventCode", "RCP1003", "the code's meaning names the item"),
    _item("S0/schemaVersion", "RCP1005", "the code's meaning names the item"),
    _item("S1/environmentTag", "RCP1004", "the code's meaning names the item"),
    _item("S1/senderUniqueReference", "RCP1006", "the code's meaning names the item, missing included"),
    _item("S1/senderTimestamp", "RCP1007", "the code's meaning names the item"),
    _item("S1/senderDIPID", "RCP1009", "the code's meaning names the item"),
    _item("S1/senderRoleID", "RCP1010", "the code's meaning names the item"),
    _item("A0", "RCP1041", "the lists of recipients"),
    _item("D0/publicationID", "RCP1042", "the code's meaning names the item"),
    _item("D0/transactionID", "RCP1043", "the code's meaning names the item"),
    _item("D0/transactionTimestamp", "RCP1044", "the code's meaning names the item"),
    _item("D0/initialCorrelationID", "RCP1046", "the code's meaning names the item"),
    _item("D0/replayIndicator", "RCP1047", "the code's meaning names the item"),
    _item("D0", "RCP1043", "a publication without D0 has no transaction id"),
    _item("R0/responseCode", "RCP1051", "the code's meaning names the item"),
    _item("M0/MPANCore", "RCP1061", "the code's meaning names the item"),
    _item("M1/principalMPAN", "RCP1061", "the code's meaning names the item"),
    _kind("interface", "RCP1002", "an interface that the release lacks"),
    _kind("event", "RCP1003", "an event that the interface lacks"),
    _kind("schema-version", "RCP1005", "a schema version that the message does not allow"),
    _kind("missing", "RCP1021", "any other item that the schema requires"),
    _kind("enum", "RCP1022", "a value outside a published list"),
    Row("", frozenset(), "RCP1001", "assumed", "whatever else breaks the schema"),
)


def code_for(finding: Finding) -> str:
    """Return the RCP code that answers a finding; the last row fits everything."""
    return next(row.code for row in TABLE if row.fits(finding.path, finding.code))


NEVER_ANSWERED: dict[str, str] = {
    "RCP1000": "nothing inside a simulated party fails without a more exact code",
    "RCP1023": "which combinations are barred is not public",
    "RCP1062": "needs the state of the metering point; registration answers with a REG code instead",
    "RCP1063": "what was issued or expected is not known to a single recipient",
    "RCP1064": "needs a list of retrievers from industry standing data",
}
"""Published recipient codes that the simulated parties don't use, each with the reason."""
