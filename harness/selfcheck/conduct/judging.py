"""Judges of a webhook's answer. Pure: each returns what is wrong in one sentence, or an empty text.

Published: 201 and 207 carry a StandardResponse and so does 400; which statuses the DIP sends again and which
it doesn't; the shape of a StandardResponse; the meaning of the RCP codes. Assumed, as no public source says
it: which status goes with which code, and that an answer repeats what it answers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from harness.errors import ConfigurationError
from harness.selfcheck.conduct.calling import Reply
from harness.selfcheck.conduct.publications import Addressee, Publication
from harness.spec.codes import codes
from harness.spec.parsing import MalformedJsonError, parse_json
from harness.spec.release import Release
from harness.spec.validators import validators

SUCCESS = "RCP0000"
CREATED, MULTI, BAD = 201, 207, 400
_CODE = re.compile(r"[A-Z]{2,4}[0-9]{3,4}")
_SHOWN = 60
_REFUSED_AT = 400
_SERVER_FAULT = 500


def no_answer(reply: Reply) -> str:
    """Say that no HTTP answer came, and why."""
    return f"no HTTP answer came: {reply.error}" if reply.status is None else ""


def created(reply: Reply) -> str:
    """Want 201; else say what the first entry says."""
    if reply.status in (None, CREATED):
        return no_answer(reply)
    said = next((str(entry.get("message"))[:_SHOWN] for entry in entries(reply)), "")
    return f"answered {reply.status}, not 201" + (f": {said}" if said else "")


def document(reply: Reply) -> Any:
    """Return the answer as JSON, None where it is none."""
    try:
        return parse_json(reply.body)
    except (MalformedJsonError, ConfigurationError):
        return None


def entries(reply: Reply) -> list[Mapping[str, Any]]:
    """Return the entries of a StandardResponse; empty for anything else."""
    told = document(reply)
    found = told.get("messageArray") if isinstance(told, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def standard_response(reply: Reply, release: Release) -> str:
    """Want a body of the published shape."""
    if reply.status is None:
        return no_answer(reply)
    told = document(reply)
    if told is None:
        start = reply.body[:_SHOWN].decode("utf-8", "replace")
        return f"the body is no JSON: {start!r}" if reply.body else "the answer has no body"
    for wrong in validators(release).shape("StandardResponse").iter_errors(told):
        place = "/".join(str(part) for part in wrong.instance_path)
        return f"the body is no StandardResponse: {('/' + place) if place else ''} {wrong.message[:200]}"
    return "" if entries(reply) else "the StandardResponse has no messageArray"


def content_type(reply: Reply) -> str:
    """Want ``application/json``, the only content type that the API declares for an answer."""
    if reply.status is None:
        return no_answer(reply)
    told = reply.headers.get("content-type", "")
    kind = told.split(";")[0].strip().lower()
    return "" if kind == "application/json" else f"the content type is '{told}', not application/json"


def code_of(entry: Mapping[str, Any]) -> str:
    """Return the code that an entry's message begins with, empty for none."""
    message = entry.get("message")
    found = _CODE.match(message) if isinstance(message, str) else None
    return found[0] if found else ""


def success_code(reply: Reply) -> str:
    """Want RCP0000 in every entry."""
    found = entries(reply)
    if not found:
        return "there is no entry that could say RCP0000"
    for entry in found:
        if code_of(entry) != SUCCESS:
            return f"the message is {str(entry.get('message'))[:_SHOWN]!r}; a recipient's success is RCP0000"
    return ""


def echoes(reply: Reply, item: str, expected: str | None) -> str:
    """Want an item of the only entry to repeat what the publication says."""
    found = entries(reply)
    if not found:
        return f"there is no entry that could repeat the {item}"
    got = found[0].get(item)
    return "" if got == expected else f"{item} is {_shown(got)}, of the publication it is {_shown(expected)}"


def identities(publication: Publication, reply: Reply, addressee: Addressee) -> str:
    """Want the party as the answer's sender and the publication's sender as its recipient (published)."""
    found = entries(reply)
    if not found:
        return "there is no entry that could name sender and recipient"
    told = found[0]
    if told.get("senderID") != addressee.dip_id:
        return f"senderID is {_shown(told.get('senderID'))}, the party that answers is {addressee.dip_id}"
    if told.get("recipientID") != publication.sender:
        return f"recipientID is {_shown(told.get('recipientID'))}, the sender was {publication.sender}"
    return ""


def answer_clock(reply: Reply, now: datetime, tolerance: float) -> str:
    """Want the times of an answer within ``tolerance`` seconds of the harness's time."""
    told = document(reply)
    found = entries(reply)
    if not found:
        return "there is no entry that could say a time"
    for name, value in (("sentTimestamp", found[0].get("sentTimestamp")), ("timestamp", told["timestamp"])):
        try:
            moment = datetime.fromisoformat(str(value))
            apart = abs((moment - now).total_seconds())
        except (ValueError, TypeError):
            return f"{name} is {_shown(value)}, no time with an offset"
        if apart > tolerance:
            return f"{name} is {apart:.0f} s away from the harness's time, more than {tolerance:g} s"
    return ""


def each_once(publications: Sequence[Publication], reply: Reply) -> str:
    """Want one entry per publication, by transaction."""
    found = Counter(str(entry.get("transactionID")) for entry in entries(reply))
    missing = [each.transaction for each in publications if not found[each.transaction]]
    if missing:
        return f"{len(missing)} of {len(publications)} transactions have no entry: {missing[0]}"
    twice = next((name for name, count in found.items() if count > 1), "")
    strange = next((name for name in found if name not in {each.transaction for each in publications}), "")
    if twice:
        return f"{twice} has {found[twice]} entries"
    return f"an entry names {strange}, which was not in the call" if strange else ""


def mixed(good: Publication, bad: Publication, reply: Reply) -> str:
    """Want a call with a good and a bad publication to be answered 207, each with its own outcome."""
    if reply.status != MULTI:
        return no_answer(reply) or f"one good and one bad publication were answered {reply.status}, not 207"
    told = {str(entry.get("transactionID")): code_of(entry) for entry in entries(reply)}
    if told.get(good.transaction) != SUCCESS:
        return f"the good publication got {told.get(good.transaction) or 'no entry'}"
    found = told.get(bad.transaction, "")
    if not found or found == SUCCESS:
        return f"the bad publication got {found or 'no entry'}"
    return ""


def refused(reply: Reply, retried: Sequence[int]) -> str:
    """Want a refusal: a 4xx that the DIP doesn't send again, or an end of the connection in the handshake."""
    if reply.status is None:
        return no_answer(reply)
    if reply.status < _REFUSED_AT:
        taken = [code_of(entry) for entry in entries(reply)]
        if taken and SUCCESS not in taken:
            return (
                f"was answered {reply.status} with {taken[0] or 'no code'}: the DIP reads that as delivered"
            )
        return f"was taken: {reply.status}"
    if reply.status in retried or reply.status >= _SERVER_FAULT:
        return f"was answered {reply.status}, which makes the DIP send it again"
    return ""


def not_taken(reply: Reply) -> str:
    """Want anything but a success: a connection that may not be made ends below HTTP, too."""
    return f"was taken: {reply.status}" if reply.status is not None and reply.status < _REFUSED_AT else ""


def refusal_code(reply: Reply, wanted: Sequence[str] = ()) -> str:
    """Want an RCP code of the published list in a refusal's body, one of ``wanted`` where any is named."""
    if reply.status is None:
        return no_answer(reply)
    found = [code_of(entry) for entry in entries(reply)]
    if not found or not any(found):
        return f"the refusal ({reply.status}) names no response code"
    known = [name for name in found if name]
    strange = next((name for name in known if name not in codes()), "")
    if strange:
        return f"{strange} is no published response code"
    foreign = next((name for name in known if not name.startswith("RCP")), "")
    if foreign:
        return f"{foreign} is no code of a recipient; those begin with RCP"
    if SUCCESS in known:
        return "the refusal says RCP0000, success"
    if wanted and not set(known) & set(wanted):
        return f"the refusal says {known[0]}; meant for it is {' or '.join(wanted)}"
    return ""


def repeated(reply: Reply) -> str:
    """Want a repeat to be taken again, or refused as a duplicate (RCP1006, RCP1043)."""
    if reply.status == CREATED:
        return ""
    codes_told = {code_of(entry) for entry in entries(reply)}
    if reply.status in (BAD, MULTI) and codes_told <= {"RCP1006", "RCP1043", SUCCESS} and codes_told:
        return ""
    return no_answer(reply) or f"the repeat was answered {reply.status}"


def all_created(replies: Sequence[Reply]) -> str:
    """Want 201 from every call."""
    wrong = [reply for reply in replies if reply.status != CREATED]
    if not wrong:
        return ""
    return f"{len(wrong)} of {len(replies)} calls failed; the first {created(wrong[0])}"


def in_time(replies: Sequence[Reply], seconds: float) -> str:
    """Want every answer within ``seconds``."""
    slowest = max((reply.seconds for reply in replies), default=0.0)
    return "" if slowest <= seconds else f"the answer took {slowest:.1f} s, more than {seconds:g} s"


def _shown(value: object) -> str:
    return "absent" if value is None else repr(value)[:80]
