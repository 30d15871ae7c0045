"""One release's stream in NATS JetStream: bundles of deliveries by recipient, and who reads how far.

A bundle is one message of the stream: some deliveries to one recipient in their order. Its first line is a
JSON array of what is known of each, then their bodies stand one after another; a body that the server would
not take is left out, and read from the store.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import nats
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from harness.errors import EnvironmentFault
from simulators.dip.broker.place import Broker
from simulators.dip.logs import Log

_CONNECT_SECONDS = 2
_FIRST_SECONDS = 5.0
"""How long the first connection may take; later ones are tried again until they succeed."""
_AGAIN_SECONDS = 0.2
_ANSWER_SECONDS = 3.0
_DEDUPE_SECONDS = 600.0
_ACK_SECONDS = 60.0
"""After so long a bundle that nobody acknowledged comes again; whoever holds it knows it then."""
_FRAME_BYTES = 4096
Reader = JetStreamContext.PullSubscription
BROKER_FAULTS = (nats.errors.Error, TimeoutError, OSError)


class Entry(NamedTuple):
    """One delivery of a bundle as the store has it; ``size`` is -1 where the body is left out."""

    item: int
    message: int
    channel: str
    tag: str | None
    transaction: str
    mpan: str | None
    sender: str
    size: int


def bundled(entries: Sequence[Entry], bodies: Sequence[bytes]) -> bytes:
    """Return the bytes of a bundle."""
    return orjson.dumps([list(entry) for entry in entries]) + b"\n" + b"".join(bodies)


def unbundled(data: bytes) -> list[tuple[Entry, bytes | None]]:
    """Return the entries of a bundle with their bodies, None where one is left out."""
    head, _, rest = data.partition(b"\n")
    found: list[tuple[Entry, bytes | None]] = []
    at = 0
    for values in orjson.loads(head):
        entry = Entry(*values)
        if entry.size < 0:
            found.append((entry, None))
        else:
            found.append((entry, rest[at : at + entry.size]))
            at += entry.size
    return found


class Connection:
    """One process's connection to the broker, made again for as long as it takes."""

    def __init__(self, broker: Broker, log: Log) -> None:
        self._broker, self._log = broker, log
        self.client = Client()
        self.epoch = 0
        """How often the connection was made again: what was asked for before may not come."""
        self._js: JetStreamContext | None = None

    @property
    def js(self) -> JetStreamContext:
        """JetStream; raises a broker fault where there is no connection yet."""
        if self._js is None:
            raise nats.errors.ConnectionClosedError
        return self._js

    @property
    def is_up(self) -> bool:
        """Whether the broker can be spoken to now."""
        return self.client.is_connected

    @property
    def most_bytes(self) -> int:
        """How large a bundle may be."""
        return max(self.client.max_payload - _FRAME_BYTES, _FRAME_BYTES)

    async def open(self) -> None:
        """Connect; raises EnvironmentFault when there is no broker at the start."""
        try:
            connecting = self.client.connect(
                servers=[self._broker.url],
                name="dip-hub",
                connect_timeout=_CONNECT_SECONDS,
                allow_reconnect=True,
                max_reconnect_attempts=-1,
                reconnect_time_wait=_AGAIN_SECONDS,  # type: ignore[arg-type]  # any number of seconds
                ping_interval=5,
                max_outstanding_pings=2,
                error_cb=self._error,
                disconnected_cb=self._lost,
                reconnected_cb=self._back,
            )
            await asyncio.wait_for(connecting, _FIRST_SECONDS)  # by itself it would try for ever
            self._js = self.client.jetstream(timeout=_ANSWER_SECONDS)
            await self._js.account_info()
        except BROKER_FAULTS as error:
            await self.close()
            raise EnvironmentFault(
                f"the broker can't be used: {type(error).__name__} {error}".rstrip(),
                where=self._broker.shown,
                mend="See that nats-server runs there with JetStream (nats-server -js).",
            ) from error

    async def close(self) -> None:
        """Close."""
        with contextlib.suppress(*BROKER_FAULTS):
            await asyncio.wait_for(self.client.close(), _ANSWER_SECONDS)

    async def _error(self, error: Exception) -> None:
        self._log.write("warning", "broker", kind=type(error).__name__, reason=str(error)[:200])

    async def _lost(self) -> None:
        if not self.client.is_closed:
            self._log.write("warning", "broker", state="lost")

    async def _back(self) -> None:
        self.epoch += 1
        self._log.write("info", "broker", state="back")


class Stream:
    """The stream of one release: ``<name>.<kind>.<recipient>``; kind d: deliveries, s: status messages."""

    def __init__(self, connection: Connection, name: str, hours: int) -> None:
        self.connection, self.name, self._hours = connection, name, hours

    async def open(self) -> None:
        """Make the stream unless it is there; raises EnvironmentFault."""
        config = StreamConfig(
            name=self.name,
            subjects=[f"{self.name}.d.*", f"{self.name}.s.*"],
            storage=StorageType.FILE,
            max_age=self._hours * 3600,
            duplicate_window=min(_DEDUPE_SECONDS, self._hours * 3600),
        )
        try:
            try:
                await self.connection.js.stream_info(self.name)
            except NotFoundError:
                with contextlib.suppress(BadRequestError):  # another process made it meanwhile
                    await self.connection.js.add_stream(config)
        except BROKER_FAULTS as error:
            raise EnvironmentFault(f"the stream {self.name} can't be used: {error}") from error

    async def publish(self, kind: str, recipient: str, name: str, data: bytes) -> None:
        """Put a bundle into the stream, once however often it is tried; raises a broker fault."""
        await self.connection.js.publish(
            f"{self.name}.{kind}.{recipient}",
            data,
            timeout=_ANSWER_SECONDS,
            stream=self.name,
            headers={"Nats-Msg-Id": name},
        )

    async def tell(self, kind: str, recipients: Sequence[str]) -> None:
        """Tell whoever delivers that there is something; may be lost."""
        await self.connection.client.publish(f"wake.{self.name}", orjson.dumps([kind, list(recipients)]))

    async def listen(self, heard: Callable[[str, list[str]], None]) -> None:
        """Hear what `tell` tells."""

        async def hear(message: Msg) -> None:
            heard(*orjson.loads(message.data))

        await self.connection.client.subscribe(f"wake.{self.name}", cb=hear)

    async def poke(self) -> None:
        """Tell whoever hands over that there is something; may be lost."""
        await self.connection.client.publish(f"poke.{self.name}", b"")

    async def on_poke(self, poked: Callable[[], None]) -> None:
        """Hear what `poke` tells."""

        async def hear(_: Msg) -> None:
            poked()

        await self.connection.client.subscribe(f"poke.{self.name}", cb=hear)

    async def reader(self, kind: str, recipient: str, window: int) -> Reader:
        """Return a reader of what a recipient is due, from the first bundle that nobody acknowledged on.

        The durable consumer is made anew there, so that bundles that a former holder had in hand come again
        at once and before all later ones. Raises a broker fault.
        """
        js, durable = self.connection.js, f"{kind}-{recipient}"
        try:
            info = await js.consumer_info(self.name, durable)
            floor = info.ack_floor.stream_seq if info.ack_floor else 0
            await js.delete_consumer(self.name, durable)
        except NotFoundError:
            floor = 0
        start: dict[str, Any] = (
            {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": floor + 1}
            if floor
            else {"deliver_policy": DeliverPolicy.ALL}
        )
        config = ConsumerConfig(
            durable_name=durable,
            filter_subject=f"{self.name}.{kind}.{recipient}",
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_SECONDS,
            max_ack_pending=window,
            **start,
        )
        await js.add_consumer(self.name, config)
        return await js.pull_subscribe_bind(durable, self.name)

    async def drop(self) -> None:
        """Remove the stream and everything in it."""
        with contextlib.suppress(NotFoundError):
            await self.connection.js.delete_stream(self.name)
