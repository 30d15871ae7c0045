"""Pseudonyms throughout a report: what messages name of people, places and meters stands nowhere in it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from harness.evidence.pack.pseudonyms import SALT_BYTES, Pseudonyms, load_salt
from harness.evidence.pack.replacing import Replacer, plain_escapes
from harness.reports.completion.document import (
    Block,
    Cell,
    Document,
    Facts,
    Failure,
    Message,
    Table,
    Text,
    Value,
)
from harness.reports.completion.extracts import Extract
from harness.reports.completion.messages import Shown

Change = Callable[[str], str]
_SHORTEST = 5
"""Characters of a text that can name anybody; pseudonyms leave shorter ones in running text."""


def redactor(messages: Mapping[tuple[str, str], Shown], others: Iterable[str], salt: Path | None) -> Change:
    """Return what replaces names in any text, learnt from all messages that are shown.

    With ``salt`` pseudonyms are those of packs that were redacted with the same one; without it a salt is
    drawn and forgotten.
    """
    pseudonyms = load_salt(salt, draw=True) if salt else Pseudonyms(secrets.token_bytes(SALT_BYTES))
    replacer = Replacer(pseudonyms)
    for each in messages.values():
        for message in each.messages:
            replacer.collect(plain_escapes(message.text))
        for check in each.checks:
            for text in check:
                replacer.collect(text)
    for text in others:
        replacer.collect(text)

    @cache
    def changed(text: str) -> str:
        return replacer.replace(plain_escapes(text)) if len(text) >= _SHORTEST else text

    return changed


def redacted(document: Document, change: Change) -> Document:
    """Return a document with every text changed."""
    return replace(
        document,
        sections=tuple(
            replace(section, blocks=tuple(_block(block, change) for block in section.blocks))
            for section in document.sections
        ),
    )


def redacted_extracts(found: Iterable[Extract], change: Change) -> tuple[Extract, ...]:
    """Return extracts with every text changed."""
    return tuple(
        replace(
            each,
            rows=tuple(
                tuple(change(value) if isinstance(value, str) else value for value in row)
                for row in each.rows
            ),
        )
        for each in found
    )


def _block(block: Block, change: Change) -> Block:
    match block:
        case Text():
            return replace(block, text=change(block.text))
        case Facts():
            return replace(block, rows=tuple((name, _value(value, change)) for name, value in block.rows))
        case Table():
            return replace(
                block, rows=tuple(tuple(_value(value, change) for value in row) for row in block.rows)
            )
        case Failure():
            return replace(
                block,
                title=change(block.title),
                facts=tuple((name, _value(value, change)) for name, value in block.facts),
                checks=tuple((change(a), change(b), change(c)) for a, b, c in block.checks),
                messages=tuple(_message(each, change) for each in block.messages),
            )
        case _:
            return block


def _message(message: Message, change: Change) -> Message:
    return replace(message, text=change(message.text) if message.text else "")


def _value(value: Value, change: Change) -> Value:
    if isinstance(value, Cell):
        return replace(value, text=change(value.text))
    return change(value) if isinstance(value, str) else value
