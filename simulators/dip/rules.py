"""The hub's rules that no public source gives, taken from the settings once at the start."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.errors import ConfigurationError
from harness.settings import Settings
from simulators.dip.lanes import ORDERS


@dataclass(frozen=True, slots=True)
class Rules:
    """Which code or status a refusal gets, and limits; `harness/settings.yaml` has units and reasons."""

    schema: str
    interface: str
    duplicate: str
    sender: str
    role: str
    provider: str
    recipient: str
    recipient_role: str
    distributor: str
    environment: str
    timestamp: str
    correlation: str
    correlation_form: re.Pattern[str] | None
    """What a sender's correlation id must match; None: anything."""
    signature_status: int
    api_key_status: int
    certificate_status: int
    body_bytes: int
    batch_messages: int
    json_depth: int
    delivery_order: str
    delivery_calls: int
    delivery_window: int
    delivery_messages: int
    delivery_bytes: int
    delivery_attempts: int
    delivery_backoff: float
    delivery_backoff_limit: float
    delivery_timeout: float
    retry_after_limit: float
    retry_statuses: frozenset[int]
    change_days: int
    status_failed: str
    status_unroutable: str
    status_of_success: bool
    replay_days: int
    replay_page: int
    replay_messages: int
    replay_empty: int
    replay_refused: str
    requeue_messages: int
    journal_no_mpan: str


def of_settings(settings: Settings) -> Rules:
    """Read the rules; raises ConfigurationError for a value that can't be used."""
    order = settings.text("delivery.order")
    if order not in ORDERS:
        raise ConfigurationError(
            f"is '{order}'", where="setting delivery.order", mend=f"One of {', '.join(ORDERS)}."
        )
    return Rules(
        schema=settings.text("refusal.schema"),
        interface=settings.text("refusal.interface"),
        duplicate=settings.text("refusal.duplicate"),
        sender=settings.text("refusal.sender_identity"),
        role=settings.text("refusal.sender_role"),
        provider=settings.text("refusal.connection_provider"),
        recipient=settings.text("addressing.addressee_code"),
        recipient_role=settings.text("addressing.addressee_role_code"),
        distributor=settings.text("refusal.distributor"),
        environment=settings.text("refusal.environment"),
        timestamp=settings.text("refusal.sender_timestamp"),
        correlation=settings.text("refusal.sender_correlation"),
        correlation_form=_pattern(settings, "refusal.correlation_form"),
        signature_status=settings.integer("refusal.signature_status"),
        api_key_status=settings.integer("refusal.api_key_status"),
        certificate_status=settings.integer("refusal.certificate_status"),
        body_bytes=settings.integer("limits.body_bytes"),
        batch_messages=settings.integer("limits.batch_messages"),
        json_depth=settings.integer("limits.json_depth"),
        delivery_order=order,
        delivery_calls=max(settings.integer("delivery.calls_at_once"), 1),
        delivery_window=max(settings.integer("delivery.window_messages"), 1),
        delivery_messages=settings.integer("delivery.batch_messages"),
        delivery_bytes=settings.integer("delivery.batch_bytes"),
        delivery_attempts=settings.integer("delivery.attempts"),
        delivery_backoff=settings.number("delivery.backoff_seconds"),
        delivery_backoff_limit=settings.number("delivery.backoff_limit_seconds"),
        retry_after_limit=settings.number("delivery.retry_after_limit_seconds"),
        delivery_timeout=settings.number("delivery.timeout_seconds"),
        retry_statuses=frozenset(settings.numbers("delivery.retry_statuses")),
        change_days=settings.integer("addressing.change_days"),
        status_failed=settings.text("status.delivery_failed_code"),
        status_unroutable=settings.text("status.unroutable_code"),
        status_of_success=settings.flag("status.of_success"),
        replay_days=settings.integer("replay.days"),
        replay_page=settings.integer("replay.page_messages"),
        replay_messages=settings.integer("replay.messages"),
        replay_empty=settings.integer("replay.empty_status"),
        replay_refused=settings.text("replay.refused_code"),
        requeue_messages=settings.integer("requeue.messages"),
        journal_no_mpan=settings.text("journal.no_mpan"),
    )


def _pattern(settings: Settings, name: str) -> re.Pattern[str] | None:
    text = settings.text(name)
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise ConfigurationError(f"is no regular expression: {error}", where=f"setting {name}") from error
