"""Common block: sender, addressing, metering point identity, response.

Assumed: an acceptance has no response message (the code lists publish none for it: REG0000 means an invalid
MPAN); which code goes with a rejection; what a replayed message's original header (S2) holds.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from harness.clock import message_time
from harness.messages.identifiers import sender_unique_reference
from harness.messages.story import Story
from harness.messages.values.table import Value, fixed
from harness.spec.codes import text

REJECTION = {
    "IF-006": "REG1004", "IF-008": "REG1002", "IF-014": "ECS1012", "IF-016": "ECS1012", "IF-020": "REG1053",
    "IF-026": "REG1021", "IF-032": "REG1031", "IF-035": "REG1081", "IF-039": "REG1075", "IF-062": "RCP1064",
}  # fmt: skip
WARNING = {"IF-014": "ECS1009"}
REPLAY_DONE = "MSG0000"
REPLAY_REFUSED = "MSG1000"


def _serial(story: Story, salt: str = "") -> str:
    context = story.context
    text_of = f"{context.seed}/{story.interface}/{story.event}/{context.sender_dip_id}/{context.mpan}/{salt}"
    return hashlib.sha256(text_of.encode()).hexdigest()[:16]


def _reference(story: Story) -> str:
    context = story.context
    if context.reference is not None:
        return context.reference
    return sender_unique_reference(
        story.release_name,
        story.interface,
        context.sender_dip_id,
        context.sender_role,
        context.now,
        _serial(story, message_time(context.now)),
    )


def _original_reference(story: Story) -> str:
    sender, _ = story.context.party(story.data_role)
    moment = story.context.now - timedelta(days=30)
    return sender_unique_reference(
        story.release_name, "IF-021", sender, story.data_role, moment, _serial(story, "original")
    )


def response_messages(story: Story) -> list[str | None]:
    """Return the codes that explain the outcome, each with its text; none for an acceptance."""
    if story.outcome == "A":
        return []
    code = (WARNING if story.outcome == "W" else REJECTION).get(story.interface)
    return [text(code)] if code else ["Not accepted: the reason is agreed between the parties"]


def _replay_messages(story: Story) -> list[str]:
    return [text(REPLAY_REFUSED if story.event == "ConsumptionRequestRejected" else REPLAY_DONE)]


VALUES = {
    "environmentTag": Value("DI-991", lambda s: s.context.environment),
    "subText": Value("DI-977", lambda s: s.context.sub_text),
    "senderUniqueReference": Value("DI-995", _reference),
    "senderTimestamp": Value("DI-998", lambda s: message_time(s.context.now)),
    "senderDIPID": Value("DI-997", lambda s: s.context.sender_dip_id),
    "senderRoleID": Value("DI-984", lambda s: s.context.sender_role),
    "senderCorrelationID": Value("DI-985", lambda s: s.context.correlation),
    "DIPConnectionProviderID": Value("DI-996", lambda s: s.context.connection_provider),
    "S2.subText": Value("DI-977", fixed(None)),
    "S2.senderUniqueReference": Value("DI-995", _original_reference),
    "S2.senderTimestamp": Value("DI-998", lambda s: message_time(s.context.now - timedelta(days=30))),
    "S2.senderDIPID": Value("DI-997", lambda s: s.context.party(s.data_role)[0]),
    "S2.senderRoleID": Value("DI-984", lambda s: s.data_role),
    "S2.senderCorrelationID": Value("DI-985", fixed(None)),
    "S2.DIPConnectionProviderID": Value("DI-996", fixed(None)),
    "primaryRecipients": Value("DI-982", lambda s: list(s.context.primary_recipients)),
    "secondaryRecipients": Value("DI-981", fixed([])),
    "always": Value("DI-993", fixed([])),
    "MPANCore": Value("DI-063", lambda s: s.context.mpan),
    "principalMPAN": Value("DI-073", lambda s: s.context.mpan),
    "distributorDIPID": Value("DI-108", lambda s: s.context.distributor_dip_id),
    "GSPGroupID": Value("DI-037", lambda s: s.point.gsp_group),
    "responseCode": Value("DI-979", lambda s: s.outcome),
    "responseMessages": Value("DI-980", response_messages),
    "R1.responseCode": Value("DI-979", lambda s: "R" if s.event == "ConsumptionRequestRejected" else "A"),
    "R1.responseMessages": Value("DI-980", _replay_messages),
    "responseMessage": Value("DI-980", lambda s: next(iter(response_messages(s)), None)),
    "batchId": Value("DI-959", lambda s: s.point.registration),
    "totalParts": Value("DI-958", fixed(1)),
    "partNumber": Value("DI-957", fixed(1)),
    "partitionBlock": Value("DI-956", fixed("R013")),
    "partitionBlockCount": Value("DI-955", fixed(1)),
}
