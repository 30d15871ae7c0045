"""The Locust file: a user class per market role, a user per lane of the plan, requests sent when due.

Started by `dip load` (``locust -f load/users.py``); it patches the process on import, so nothing imports it.
``DIP_LOAD_FOLDER`` names the folder of the run: the plan, where the target is, the spool of signatures, and
what is noted of each request. Requests are sent at times that were fixed beforehand, by a pool of greenlets
with a connection each: a slow system does not slow the schedule, it uses up connections, and the wait for a
free one is part of the latency.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from gevent.queue import SimpleQueue
from geventhttpclient.response import HTTPSocketResponse
from geventhttpclient.url import URL
from locust import FastHttpUser, constant, events, runners, task

from harness.errors import ConfigurationError
from harness.security.certificates import first_certificate, header_of
from harness.security.signing import CERTIFICATE, CONTENT_HASH, DATE, SIGNATURE
from harness.transport.parties import ROLES
from harness.transport.target import TargetProfile
from harness.transport.tls import client_context
from load.plan import Lane, Plan, plan_of, read_plan
from load.records import NO_ANSWER, Sent, packed
from load.signing_ahead import SLICE_SECONDS, START, slice_file
from load.wording import Speaker

FOLDER = Path(os.environ["DIP_LOAD_FOLDER"])
MODE = os.environ.get("DIP_LOAD_MODE", "local")
"""local, master or worker"""
WORKERS = int(os.environ.get("DIP_LOAD_WORKERS", "1"))
_LEAD_SECONDS = 1.0
_LOADED_AHEAD = 1.5
_GRACE_SECONDS = 15.0
"""How long after the schedule requests may still be begun, where connections were used up."""
_FLUSH_SECONDS = 0.5
_ANSWER_BYTES = 65536
_MOST_CONNECTIONS = 64
_MOST_SENT = 512 * 1024
"""Bytes of notes in one message to the master."""
_IDLE_SECONDS = 1.0
"""A connection that was idle for longer is looked at before it is used: the other side may have closed it."""
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

runners.HEARTBEAT_LIVENESS = 120
"""Heartbeats that a worker may miss: building the first messages keeps one busy for seconds."""
TARGET = TargetProfile.load(Path((FOLDER / "target").read_text()))


class Generator:
    """What the users of a process share: the lanes' queues, the notes, and the beginning and the end."""

    def __init__(self, plan: Plan, worker: int, workers: int) -> None:
        self.plan, self.worker, self.workers = plan, worker, workers
        self.spool = FOLDER / f"spool-{worker}"
        self.queues: list[SimpleQueue[Any]] = [SimpleQueue() for _ in plan.lanes]
        self.free = list(plan.lanes)
        self.start = 0.0
        self.signed = Event()
        self.started = Event()
        self.warm = [Event() for _ in plan.lanes]
        self.busy = len(plan.lanes)
        self.notes = bytearray()
        self.first_refusal = ""
        self.done = Event()

    def lane(self, role: str) -> Lane:
        """Give a lane to a user: one of its role while there is one."""
        found = next((lane for lane in self.free if lane.role == role), self.free[0])
        self.free.remove(found)
        return found

    def run(self, environment: Any) -> None:
        """Sign the head, begin, feed the lanes, and end."""
        self.runner = environment.runner
        self.spool.mkdir()
        signers = max(1, (os.cpu_count() or 1))
        children = [
            subprocess.Popen(
                [
                    *(sys.executable, "-m", "load.signing_ahead"),
                    *(str(FOLDER / "plan.json"), TARGET.where, str(self.spool)),
                    *(str(self.worker), str(self.workers), str(number), str(signers)),
                ],
                stdin=subprocess.DEVNULL,
            )
            for number in range(signers)
        ]
        try:
            while not all((self.spool / f"signer-{number}.json").exists() for number in range(signers)):
                if any(child.poll() for child in children):
                    raise SystemExit("a signing process ended before its work was done")
                gevent.sleep(0.05)
            self.signed.set()
            gevent.wait(self.warm, timeout=30)
            self.begin(_agreed_start(environment.runner))
            flusher = gevent.spawn(self._flush)
            self._feed()
            self.done.wait(max(0.0, self.start + self.plan.seconds + _GRACE_SECONDS * 2 - time.time()))
            flusher.kill()
            self._write()
        finally:
            for child in children:
                child.kill()
                child.wait()
            self._tell(signers)
            environment.process_exit_code = 0
            if MODE == "local":
                environment.runner.quit()

    def begin(self, start: float) -> None:
        """Fix the start, for all processes of the run."""
        self.start = start
        part = self.spool / f"{START}.part"
        part.write_text(repr(self.start))
        part.replace(self.spool / START)
        _write_start(start)
        self.cpu = time.process_time()
        self.began = time.monotonic()
        self.started.set()

    def _feed(self) -> None:
        """Read slices shortly before they are due and hand their requests to the lanes."""
        number = 0
        while number * SLICE_SECONDS <= self.plan.seconds:
            gevent.sleep(max(0.0, self.start + number * SLICE_SECONDS - _LOADED_AHEAD - time.time()))
            path = slice_file(self.spool, number)
            while not path.exists():
                gevent.sleep(0.005)
            with path.open(encoding="ascii") as file:
                for place, line in enumerate(file, 1):
                    due, lane, request, date, hashed, signature = line.split()
                    entry = (self.start + float(due), int(request), date, hashed, signature, time.time())
                    self.queues[int(lane)].put(entry)
                    if place % 100 == 0:
                        gevent.sleep(0)
            path.unlink()
            number += 1
        for queue in self.queues:
            queue.put(None)

    def note(self, sent: Sent) -> None:
        """Keep what came of a request."""
        self.notes += packed(sent)

    def ended(self) -> None:
        """Count a lane that has sent all of its requests."""
        self.busy -= 1
        if not self.busy:
            self.done.set()

    def _flush(self) -> None:
        while True:
            gevent.sleep(_FLUSH_SECONDS)
            self._write()

    def _write(self) -> None:
        data, self.notes = bytes(self.notes), bytearray()
        _deliver(self.runner, "load_records", {"worker": self.worker, "data": data})

    def _tell(self, signers: int) -> None:
        """Say how the generator itself fared."""
        told = [json.loads(path.read_text()) for path in self.spool.glob("signer-*.json")]
        content = {
            "cpu_seconds": time.process_time() - getattr(self, "cpu", 0.0),
            "seconds": time.monotonic() - getattr(self, "began", time.monotonic()),
            "signers": signers,
            "signed": sum(each["signed"] for each in told),
            "signing_cpu_seconds": sum(each["cpu_seconds"] for each in told),
            "first_refusal": self.first_refusal,
        }
        _deliver(self.runner, "load_done", {"worker": self.worker, "told": content})


class _Process:
    """The generator of a process, once the plan is known; workers learn it from their master."""

    def __init__(self) -> None:
        self.planned = Event()
        self.start = Event()
        self.started_at = 0.0
        self.generator: Generator

    def plan(self, plan: Plan, worker: int, workers: int) -> None:
        """Take the plan; raises ConfigurationError where it is for another address than this target's."""
        if TARGET.url(plan.release) != plan.base_url:
            raise ConfigurationError(
                f"leads to {TARGET.url(plan.release)}, and the master's load goes to {plan.base_url}",
                where=TARGET.where,
            )
        self.generator = Generator(plan, worker, workers)
        self.planned.set()


PROCESS = _Process()


def generator() -> Generator:
    """Return this process's generator, when the plan has come."""
    PROCESS.planned.wait()
    return PROCESS.generator


def _write_start(start: float) -> None:
    part = FOLDER / f"{START}.part"
    part.write_text(repr(start))
    part.replace(FOLDER / START)


def _agreed_start(runner: Any) -> float:
    """Return when the run begins: by this process alone, or by the master when all workers are ready."""
    if MODE == "local":
        return time.time() + _LEAD_SECONDS
    runner.send_message("load_ready", {"worker": PROCESS.generator.worker})
    PROCESS.start.wait()
    return PROCESS.started_at


def _deliver(runner: Any, kind: str, content: dict[str, Any]) -> None:
    """Write what came of requests, or send it to the master that does."""
    if MODE == "worker":
        data = content.get("data", b"")
        for first in range(0, max(1, len(data)), _MOST_SENT):
            part = {"data": data[first : first + _MOST_SENT]} if data else {}
            runner.send_message(kind, {**content, **part})
    else:
        take(kind, content)


def take(kind: str, content: dict[str, Any]) -> None:
    """Put what a worker tells into the run's folder."""
    worker = content["worker"]
    if kind == "load_records":
        with (FOLDER / f"records-{worker}.bin").open("ab") as file:
            file.write(content["data"])
    else:
        (FOLDER / f"generator-{worker}.json").write_text(json.dumps(content["told"]))


class ParticipantUser(FastHttpUser):
    """A virtual participant: one lane of the plan over its own TLS identity."""

    abstract = True
    role = ""
    wait_time = constant(0)
    insecure = False
    network_timeout = 60.0
    connection_timeout = 20.0

    def __init__(self, environment: Any) -> None:
        self.generator = generator()
        plan = self.generator.plan
        self.host = plan.base_url
        self.lane = self.generator.lane(self.role)
        party = TARGET.network.by_dip_id(self.lane.dip_id)
        tls = TARGET.network.certificate(party.tls)
        self.ssl_context_factory = lambda: client_context(TARGET.ca, tls)
        peak = max(max(phase.rate, phase.to) for phase in plan.phases) * self.lane.requests_share
        peak /= self.generator.workers
        self.count = max(2, min(_MOST_CONNECTIONS, plan.connections, math.ceil(peak) + 2))
        self.concurrency = self.count
        super().__init__(environment)
        self.speaker = Speaker(plan, self.lane, TARGET.network)
        self.head = self._head(party.api_key())
        self.name = f"{self.lane.role} {self.lane.flow}"
        url = URL(plan.base_url)
        self.pool = self.client.client.clientpool.get_client(url)._connection_pool

    def _head(self, api_key: str) -> str:
        """Return the lines of a request's head that are the same in all."""
        url = URL(self.generator.plan.base_url)
        host = f"{url.host}:{url.port}" if url.port not in (None, 443) else url.host
        path = f"{url.path.rstrip('/')}/dip-channel/{self.lane.interface}"
        party = TARGET.network.by_dip_id(self.lane.dip_id)
        own = TARGET.network.certificate(party.signing)
        return (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"X-API-Key: {api_key}\r\n{CERTIFICATE}: {header_of(first_certificate(own.cert)[1])}\r\n"
        )

    @task
    def send_all(self) -> None:
        """Send every request of the lane, each when it is due."""
        self.generator.signed.wait()
        connections = [gevent.spawn(self._connection) for _ in range(self.count)]
        gevent.joinall(connections)
        self.generator.warm[self.lane.number].set()
        gevent.joinall([gevent.spawn(self._sender, each.value) for each in connections])
        self.generator.ended()
        gevent.sleep(3600)  # Locust would begin the task again; the run ends meanwhile

    def _connection(self) -> Any:
        try:
            return self.pool.get_socket()
        except Exception:
            return None

    def _sender(self, connection: Any) -> None:
        """Send requests over one connection until there are none."""
        self.generator.started.wait()
        queue = self.generator.queues[self.lane.number]
        clock = time.time
        last = self.generator.start + self.generator.plan.seconds + _GRACE_SECONDS
        answered = self.generator.start
        while (entry := queue.get()) is not None:
            due, request, date, hashed, signature, queued = entry
            taken = clock()
            if taken > last:
                self.generator.note(Sent(self.lane.number, request, due, taken, taken, 0.0, NO_ANSWER))
                continue
            if due > taken:
                gevent.sleep(due - taken)
            body = self.speaker.body(request, date)
            head = (
                f"{self.head}{SIGNATURE}: {signature}\r\n{DATE}: {date}\r\n{CONTENT_HASH}: {hashed}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            begun = clock()
            if begun - answered > _IDLE_SECONDS and not self.pool._is_socket_alive(connection):
                connection = self._renewed(connection)
            waited_for = due if taken <= due or queued > due else taken
            status, connection = self._request(connection, head.encode("ascii") + body)
            answered = clock()
            self.generator.note(
                Sent(self.lane.number, request, due, begun, answered, begun - waited_for, status)
            )
            self.environment.stats.log_request("POST", self.name, (answered - due) * 1000, 0)
            if status != 201:
                self.environment.stats.log_error("POST", self.name, f"answered {status or 'nothing'}")
        queue.put(None)

    def _renewed(self, connection: Any) -> Any:
        """Return a new connection in the place of one that the other side has closed while it was idle."""
        if connection is not None:
            self.pool.release_socket(connection)
        return self._connection()

    def _request(self, connection: Any, data: bytes) -> tuple[int, Any]:
        """Make one request; returns its status, and the connection or None where it is no longer good."""
        try:
            if connection is None:
                connection = self.pool.get_socket()
            connection.sendall(data)
            status, content, closes = _answer(connection)
        except Exception as error:
            self.generator.first_refusal = self.generator.first_refusal or f"no answer: {error!r}"[:500]
            if connection is not None:
                self.pool.release_socket(connection)
            return NO_ANSWER, None
        if status != 201 and not self.generator.first_refusal:
            self.generator.first_refusal = f"{status}: {content.decode('utf-8', 'replace')}"[:500]
        if closes:
            self.pool.release_socket(connection)
            return status, None
        return status, connection


def _answer(connection: Any) -> tuple[int, bytes, bool]:
    """Read an answer; returns status, body, and whether the connection is to be closed.

    An answer that gives its length is read as it stands, any other by geventhttpclient's parser.
    """
    data = connection.recv(_ANSWER_BYTES)
    end = data.find(b"\r\n\r\n")
    length = _LENGTH.search(data, 0, end) if end > 0 and data[9:12] >= b"200" else None
    if length is None:
        if not data:
            raise ConnectionError("the connection was closed")
        answer = HTTPSocketResponse(connection, block_size=_ANSWER_BYTES, method="POST", pre_buffered=data)
        return int(answer.get_code()), bytes(answer.read()), bool(answer.should_close())
    whole = end + 4 + int(length[1])
    while len(data) < whole:
        more = connection.recv(_ANSWER_BYTES)
        if not more:
            raise ConnectionError("the connection was closed in the middle of an answer")
        data += more
    closes = b"connection: close" in data[:end].lower()
    return int(data[9:12]), data[end + 4 :], closes


def _counts() -> dict[str, int]:
    """Return how many users there are of each role; a worker is told by its master."""
    if MODE == "worker":
        return dict.fromkeys(ROLES, 1)
    plan = read_plan(FOLDER / "plan.json")
    return {lane.role: sum(o.role == lane.role for o in plan.lanes) * WORKERS for lane in plan.lanes}


for _role, _count in _counts().items():
    _name = f"{_role.capitalize()}User"
    globals()[_name] = type(
        _name,
        (ParticipantUser,),
        {
            "role": _role,
            "fixed_count": _count,
            "__doc__": f"Virtual participants of the market role {_role}.",
        },
    )


@events.init.add_listener  # type: ignore[untyped-decorator]
def _prepare(environment: Any, **_: Any) -> None:
    """Learn the plan, or be ready to tell it."""
    runner = environment.runner
    if MODE == "local":
        PROCESS.plan(read_plan(FOLDER / "plan.json"), 0, 1)
    elif MODE == "worker":
        runner.register_message("load_plan", _told_plan)
        runner.register_message("load_start", _told_start)
        gevent.spawn(_ask_for_plan, runner)
    else:
        Master(runner)


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def _begin(environment: Any, **_: Any) -> None:
    if MODE != "master":
        gevent.spawn(lambda: generator().run(environment))


def _ask_for_plan(runner: Any) -> None:
    """Ask the master for the plan until it has come."""
    while not PROCESS.planned.wait(0.5):
        runner.send_message("load_hello", {})


def _told_plan(environment: Any, msg: Any, **_: Any) -> None:
    del environment
    if PROCESS.planned.is_set():
        return
    plan = plan_of(json.loads(msg.data["plan"]))
    plan.write(FOLDER / "plan.json")
    PROCESS.plan(plan, msg.data["worker"], msg.data["workers"])


def _told_start(environment: Any, msg: Any, **_: Any) -> None:
    del environment
    PROCESS.started_at = msg.data["start"]
    PROCESS.start.set()


class Master:
    """Tells workers the plan and the start, and gathers what they note."""

    def __init__(self, runner: Any) -> None:
        self.runner = runner
        self.known: list[str] = []
        self.ready: set[int] = set()
        self.done: set[int] = set()
        for kind in ("load_ready", "load_records", "load_done"):
            runner.register_message(kind, self._heard)
        runner.register_message("load_hello", self._asked)

    def _asked(self, environment: Any, msg: Any, **_: Any) -> None:
        """Tell a worker the plan and its number; more workers than are expected get none."""
        del environment
        if msg.node_id not in self.known and len(self.known) < WORKERS:
            self.known.append(msg.node_id)
        if msg.node_id in self.known:
            plan = (FOLDER / "plan.json").read_text()
            content = {"plan": plan, "worker": self.known.index(msg.node_id), "workers": WORKERS}
            self.runner.send_message("load_plan", content, msg.node_id)

    def _heard(self, environment: Any, msg: Any, **_: Any) -> None:
        del environment
        worker = msg.data["worker"]
        if msg.type == "load_ready":
            self.ready.add(worker)
            if len(self.ready) == WORKERS:
                start = time.time() + 2 * _LEAD_SECONDS
                self.runner.send_message("load_start", {"start": start})
                _write_start(start)
            return
        take(msg.type, msg.data)
        if msg.type == "load_done":
            self.done.add(worker)
            if len(self.done) == WORKERS:
                gevent.spawn_later(0.5, self.runner.quit)
