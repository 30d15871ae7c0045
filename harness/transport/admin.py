"""The client of the simulators' admin API: clock, addresses, behaviours, and waiting until all is quiet."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson

from harness.errors import ConfigurationError, EnvironmentFault, HarnessError

_TIMEOUT = 10.0
_NOT_FOUND = 404
_SETTLE_MARGIN = 10.0
"""How much longer than the asked settling time an answer may take."""


class NotThere(HarnessError):
    """The admin API knows nothing of what was asked for."""


class Admin:
    """Speaks to one admin API. Safe to share between threads.

    Every call raises EnvironmentFault when nothing answers, ConfigurationError when the key is refused, and
    HarnessError for any other answer than success.
    """

    def __init__(self, url: str, key: str) -> None:
        self.url = url.rstrip("/")
        self._client = httpx.Client(
            trust_env=False, timeout=_TIMEOUT, headers={"authorization": f"Bearer {key}"}
        )

    def health(self) -> dict[str, Any]:
        """Return what the simulators say of themselves."""
        return self._call("GET", "/health")

    def ready(self) -> bool:
        """Say whether the simulators take messages."""
        try:
            return self._client.get(self.url + "/ready").is_success
        except httpx.TransportError:
            return False

    def now(self) -> datetime:
        """Return the simulators' time, in UTC."""
        return _moment(self._call("GET", "/clock"))

    def set_clock(self, moment: datetime) -> datetime:
        """Make a moment (aware) the simulators' present."""
        return _moment(self._call("PUT", "/clock", {"now": moment.astimezone(UTC).isoformat()}))

    def advance(self, seconds: float) -> datetime:
        """Move the simulators' clock forward."""
        return _moment(self._call("POST", "/clock/advance", {"seconds": seconds}))

    def set_addresses(
        self, release: str, addresses: Sequence[Mapping[str, Any]], *, opening: bool = False
    ) -> None:
        """Say who serves which MPAN, for secondary routing: ``mpan``, ``role``, ``dip_id``, from and to."""
        content: dict[str, object] = {"release": release, "addresses": list(addresses)}
        self._call("PUT", "/addresses", {**content, "opening": True} if opening else content)

    def set_behaviours(self, tag: str, behaviours: Mapping[str, Mapping[str, Any]]) -> None:
        """Switch on behaviours of simulated parties for one instance: DIP id to ``name`` and options."""
        self._call("PUT", "/behaviours", {"tag": tag, "behaviours": dict(behaviours)})

    def tell(self, tag: str, dip_id: str, what: str, release: str, content: Mapping[str, Any]) -> None:
        """Let a simulated party know something beside the hub (``switch-pending`` and the like)."""
        self._call(
            "POST",
            "/told",
            {"tag": tag, "dip_id": dip_id, "what": what, "release": release, "with": dict(content)},
        )

    def replayed(self, dip_id: str, release: str, payloads: Sequence[Mapping[str, Any]]) -> None:
        """Hand to a simulated party what the hub replayed to it."""
        content = {"dip_id": dip_id, "release": release, "payloads": list(payloads)}
        self._call("POST", "/replayed", content)

    def settle(self, tag: str, *, timeout: float, quiet_ms: int = 0) -> dict[str, Any]:
        """Wait until all that carries the tag is delivered and answered; return messages and receipts."""
        content = {"tag": tag, "timeout": timeout, "quiet_ms": quiet_ms}
        return self._call("POST", "/settle", content, timeout=timeout + _SETTLE_MARGIN)

    def register(
        self, dip_id: str, mpan: str, *, as_of: str = "", as_known: str = ""
    ) -> dict[str, Any] | None:
        """Return what a simulated party holds on a metering point; None where it holds nothing.

        ``as_of``: what was in force at that time; ``as_known``: as it was known then (UTC).
        """
        asked = {name: text for name, text in (("as_of", as_of), ("as_known", as_known)) if text}
        query = f"?{urlencode(asked)}" if asked else ""
        try:
            return self._call("GET", f"/register/{dip_id}/{mpan}{query}")
        except NotThere:
            return None

    def set_member(
        self,
        dip_id: str,
        *,
        connection_provider: str | None = None,
        former_providers: Sequence[str] = (),
        api_keys: Sequence[str] | None = None,
        withdrawn: Sequence[bytes] = (),
    ) -> None:
        """Let a party in on other terms than the network file's, as if it had changed them in the portal.

        ``former_providers`` may act beside the nominated one; ``api_keys`` are all that are in force (None:
        the network file's; only their SHA-256 is sent); ``withdrawn``: SHA-256 fingerprints of certificates.
        """
        content: dict[str, object] = {
            "connection_provider": connection_provider,
            "former_providers": list(former_providers),
            "withdrawn": [each.hex() for each in withdrawn],
        }
        if api_keys is not None:
            content["api_keys"] = [hashlib.sha256(each.encode()).hexdigest() for each in api_keys]
        self._call("PUT", f"/members/{dip_id}", content)

    def reset_member(self, dip_id: str) -> None:
        """Let a party in on the network file's terms again."""
        self._call("DELETE", f"/members/{dip_id}")

    def set_faults(self, faults: Sequence[Mapping[str, Any]], *, tag: str = "") -> None:
        """Replace the faults on request, or with ``tag`` those that meet messages with that S1.subText."""
        self._call("PUT", "/faults", {"faults": list(faults), "tag": tag})

    def clear_faults(self, *, tag: str = "") -> None:
        """Switch all faults off, or those of a tag."""
        self._call("DELETE", "/faults" + _query(tag))

    def applied_faults(self, *, tag: str = "") -> list[dict[str, Any]]:
        """Return what faults were applied to, oldest first: ``at``, ``fault``, ``point``, ``party``, ...

        With ``tag`` those that met a message with that S1.subText.
        """
        applied: list[dict[str, Any]] = self._call("GET", "/faults/applied" + _query(tag))["applied"]
        return applied

    def set_service(self, times: Mapping[str, Any]) -> None:
        """Say when the DIP opens and when it is out of service: ``opens``, ``outages`` of from and to."""
        self._call("PUT", "/service", dict(times))

    def call(self, method: str, path: str, content: object = None) -> dict[str, Any]:
        """Make any other call of the admin API."""
        return self._call(method, path, content)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _call(
        self, method: str, path: str, content: object = None, *, timeout: float = _TIMEOUT
    ) -> dict[str, Any]:
        body = None if content is None else orjson.dumps(content)
        headers = {"content-type": "application/json"} if body else {}
        where = f"admin API {self.url}"
        try:
            response = self._client.request(
                method, self.url + path, content=body, headers=headers, timeout=timeout
            )
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise EnvironmentFault(
                f"{method} {path} got no answer: {reason}", where=where, mend="Is `dip sim up` still running?"
            ) from error
        if response.status_code in (401, 403):
            raise ConfigurationError("refuses the admin key", where=where, mend="Check admin_key_file.")
        if response.status_code == _NOT_FOUND:
            raise NotThere(f"{method} {path} answered 404: {response.text[:300]}", where=where)
        if not response.is_success:
            raise HarnessError(
                f"{method} {path} answered {response.status_code}: {response.text[:300]}", where=where
            )
        try:
            answer = orjson.loads(response.content or b"{}")
        except orjson.JSONDecodeError as error:
            raise HarnessError(f"{method} {path} answered something that is not JSON", where=where) from error
        return answer if isinstance(answer, dict) else {"value": answer}


def _query(tag: str) -> str:
    return f"?{urlencode({'tag': tag})}" if tag else ""


def _moment(answer: Mapping[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(str(answer["now"]))
    except (KeyError, ValueError) as error:
        raise HarnessError(f"the admin API tells no time: {dict(answer)}") from error
    return moment.astimezone(UTC)
