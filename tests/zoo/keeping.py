"""Keeps the animals: certificates, profiles and ledgers; puts the self-check's questions to them."""

from __future__ import annotations

import contextlib
import http.server
import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from harness.evidence.verdicts import BlameClass
from harness.security.authority import Authority, Issued
from harness.security.profiles import Flaw, Profile
from harness.selfcheck.check import Result
from harness.selfcheck.context import NETWORK, Context, prepare_hub
from harness.selfcheck.journal import Journal
from harness.selfcheck.profile import Profile as Participant
from harness.selfcheck.profile import load
from harness.selfcheck.running import run, selected
from harness.transport.network import Network
from harness.transport.target import Target
from tests.zoo.dens import Den, Shown
from tests.zoo.minds import Book, Home, Mind
from tests.zoo.senders import HUB_PARTIES, Credentials, Sender

DIP_ID = "1900000077"
ROLE = "LSS"
NEXT_PROVIDER = "1099000077"
_API_KEY = "zoo-0123456789abcdef"
_BASH = shutil.which("bash")
_TELL = (
    "import sys, _socket as s\n"
    "c = s.socket()\n"
    "c.connect(('127.0.0.1', int(sys.argv[1])))\n"
    "b = '\\n'.join(sys.argv[3:])\n"
    "h = 'POST %s HTTP/1.0\\r\\nContent-Length: %d\\r\\n\\r\\n' % (sys.argv[2], len(b))\n"
    "c.send((h + b).encode())\n"
    "sys.exit(b' 200 ' not in c.recv(99))"
)
_TELL_BY_BASH = (
    "IFS=$'\\n' b=\"${*:2}\"; exec 3<>/dev/tcp/127.0.0.1/$0; "
    'printf \'POST %s HTTP/1.0\\r\\nContent-Length: %d\\r\\n\\r\\n%s\' "$1" "${#b}" "$b" >&3; '
    "read -r line <&3; [[ $line == *' 200 '* ]]"
)
"""Tells the keeper something over HTTP, in a program that starts in no time."""
PARTIES = {DIP_ID: ROLE}
"""The load shaping service receives few interfaces, and the largest message among them."""


@dataclass
class Nest:
    """One animal's place: its folder, what its profile says, and what its server shows."""

    folder: Path
    certs: Certs
    parties: dict[str, str]
    shown: Shown
    home: Home
    tables: dict[str, dict[str, object]]
    """Tables of the profile by name, to be changed."""
    top: dict[str, object]
    own: Credentials
    """What its sender shows and signs with."""
    post: str
    """Base URL of the keeper's own plain HTTP server."""
    clock_hook: list[str]
    """The hook of a participant whose clock is simulated."""
    party: dict[str, object] = field(default_factory=dict)
    """Further fields of every party."""
    extra: str = ""
    """Further text at the end of the profile."""


@dataclass(frozen=True)
class Certs:
    """Certificates that the animals share."""

    authority: Authority
    hub: str
    tls: Issued
    signing: Issued
    server: Issued
    shared: Path

    def flawed(self, profile: Profile, flaw: Flaw) -> Issued:
        """Return a certificate of the participant's with a flaw, made once."""
        known = self.authority.find("zoo", profile, flaw)
        return known or self.authority.issue(
            "zoo", profile, organisation="Zoo Energy", dip_ids=[DIP_ID], flaw=flaw
        )


@dataclass(frozen=True)
class Animal:
    """A participant with at most one fault, and which check has to find it."""

    name: str
    fault: str
    """What is wrong with it, in one sentence; empty for a sound one."""
    check: str = ""
    verdict: str = "fail"
    """As the report shows it: a pass with advice is ``advisory``."""
    blame: BlameClass | None = BlameClass.PARTICIPANT
    mind: type[Mind] = Mind
    den: Callable[[Mind, Shown], Den] = Den
    sender: type[Sender] = Sender
    housed: Callable[[Nest, Den], None] = lambda *_: None
    """Changes the profile when it is known where the animal lives."""
    settle: Callable[[Nest], None] = lambda _: None
    """Changes the nest before the animal moves in."""
    parties: dict[str, str] = field(default_factory=lambda: dict(PARTIES))
    url: Callable[[Den], str] = lambda den: den.url
    omits: frozenset[str] = frozenset()
    """Checks that don't apply to a sound one."""
    only: tuple[str, ...] = ()
    """Checks to make, where they are others than the one that finds the fault."""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.check


ANIMALS: dict[str, Animal] = {}
"""Every broken animal by name."""
Kind = TypeVar("Kind", bound=type[Mind] | type[Den] | type[Sender])


def broken(found: Animal) -> Animal:
    """Take an animal into the zoo."""
    if found.name in ANIMALS:
        raise ValueError(f"two animals are called {found.name}")
    ANIMALS[found.name] = found
    return found


def animal(name: str, check: str, **more: Any) -> Callable[[Kind], Kind]:
    """Make a mind or a den an animal: its docstring is its fault, ``check`` finds it."""

    def register(kind: Kind) -> Kind:
        place = "mind" if issubclass(kind, Mind) else "den" if issubclass(kind, Den) else "sender"
        broken(Animal(name, kind.__doc__ or "", check, **{place: kind, **more}))
        return kind

    return register


@dataclass(frozen=True)
class Visit:
    """What the checks said of an animal."""

    animal: Animal
    results: dict[str, Result]
    seconds: float


class Sharing(Context):
    """A context that lets other contexts use the hub as well."""

    def __init__(
        self, profile: Participant, folder: Path, shared: Callable[[], Target], base: Network
    ) -> None:
        super().__init__(profile, folder)
        self._shared = shared
        self.base_network = base

    def hub(self) -> Target:
        """Return the shared hub."""
        return self._shared()


class Keeper:
    """Keeps a zoo in a folder until it is closed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        prepare_hub(folder / "test-dip")
        authority = Authority.open(folder / "test-dip" / NETWORK.parent / "pki")
        made = [
            authority.issue("zoo", profile, organisation="Zoo Energy", dip_ids=[DIP_ID])
            for profile in ("tls-client", "signing", "tls-server")
        ]
        self.network = network = prepare_hub(folder / "test-dip")
        hub = network.with_role("DIP")[0].dip_id
        HUB_PARTIES.update({each.role: (each.dip_id, each.mpid) for each in reversed(network.parties)})
        self._key_file = folder / "api.key"
        self._key_file.write_text(_API_KEY + "\n", encoding="ascii")
        self.certs = Certs(authority, hub, made[0], made[1], made[2], folder / "test-dip")
        self._books: dict[str, Book] = {}
        self._dens: dict[str, Den] = {}
        self._homes: dict[str, Home] = {}
        self._senders: dict[str, Sender] = {}
        self._hub: Context | None = None
        self._ledger = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._ledger.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the ledgers and the hub."""
        if self._hub is not None:
            self._hub.close()
        self._ledger.shutdown()
        self._thread.join()
        self._ledger.server_close()

    def visit(self, animal: Animal, only: Sequence[str] = ()) -> Visit:
        """Make checks of one animal: those asked for, else the one that finds its fault, else all."""
        folder = self.folder / animal.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        nest = self._nest(folder, animal)
        animal.settle(nest)
        with self._living(animal, nest) as den:
            animal.housed(nest, den)
            path = self._written(nest, animal.url(den))
            chosen = only or animal.only or ((animal.check,) if animal.check else ())
            started = time.perf_counter()
            profile = load(path)
            checks = selected(chosen)
            with Sharing(profile, folder / "check", self.hub, self.network) as context:
                journal = Journal(folder / "check", profile, checks)
                with contextlib.closing(journal):
                    results = run(context, checks, journal)
            return Visit(animal, dict(results), time.perf_counter() - started)

    def hub(self) -> Target:
        """Return the hub that the animals share, started when first asked for."""
        if self._hub is None:
            folder = self.folder / "sound-one"
            folder.mkdir()
            nest = self._nest(folder, Animal("sound-one", ""))
            nest.top["releases"] = ["2.1.0"]
            path = self._written(nest, "https://127.0.0.1:9")
            self._hub = Context(load(path), folder / "check")
        return self._hub.hub()

    @contextlib.contextmanager
    def _living(self, animal: Animal, nest: Nest) -> Iterator[Den]:
        mind = animal.mind(nest.home)
        self._books[animal.name] = mind.book
        self._homes[animal.name] = nest.home
        self._senders[animal.name] = animal.sender(nest.own)
        den = self._dens[animal.name] = animal.den(mind, nest.shown)
        with den:
            elsewhere = den.url.replace("127.0.0.1", "localhost")
            nest.tables["webhook"].setdefault("next_url", elsewhere)
            nest.tables["next_provider"].setdefault("webhook", f"{elsewhere}/{DIP_ID}/by-provider")
            yield den

    def _nest(self, folder: Path, animal: Animal) -> Nest:
        certs = self.certs
        ca, crl = certs.authority.ca_bundle, certs.authority.crl
        return Nest(
            folder,
            certs,
            dict(animal.parties),
            Shown(certs.server.cert, certs.server.key, ca),
            Home(animal.parties, certs.hub, ca, crl),
            {
                "tls": {"cert": str(certs.tls.cert), "key": str(certs.tls.key)},
                "signing": {"cert": str(certs.signing.cert), "key": str(certs.signing.key)},
                "webhook": {},
                "dip": {"folder": str(certs.shared)},
                "next_provider": {"dip_id": NEXT_PROVIDER},
                "hooks": {
                    "ledger": [f"{self._ledger_url}/{animal.name}/{{reference}}"],
                    "stop": self._told(animal, "stop"),
                    "start": self._told(animal, "start"),
                    "rotate": [*self._told(animal, "rotate"), "{what}", "{cert}", "{key}", "{provider}"],
                    "send": [*self._told(animal, "send"), "{interface}", "{event}", "{url}"],
                },
            },
            {"name": "Zoo Energy", "environment": "SIT", "releases": ["2.1.0", "2.2.1"]},
            Credentials(
                certs.tls.cert,
                certs.tls.key,
                certs.signing.cert,
                certs.signing.key,
                _API_KEY,
                ca,
                DIP_ID,
                ROLE,
            ),
            self._ledger_url,
            [*self._told(animal, "clock"), "{now}"],
            {"api_key_file": str(self._key_file)},
        )

    def _written(self, nest: Nest, url: str) -> Path:
        path = nest.folder / "participant.toml"
        lines = [f"{key} = {_toml(value)}" for key, value in nest.top.items()]
        for dip_id, role in nest.parties.items():
            party = {
                "mpid": "ZOOX",
                "role": role,
                "status_webhook": f"{url}/{dip_id}/status",
                "dip_id": dip_id,
                "webhook": f"{url}/{dip_id}",
                **nest.party,
            }
            lines += ["[[party]]", *(f"{key} = {_toml(value)}" for key, value in party.items())]
        for name, table in nest.tables.items():
            lines += [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
        path.write_text("\n".join([*lines, nest.extra]) + "\n", encoding="utf-8")
        return path

    def _told(self, animal: Animal, what: str) -> list[str]:
        """Return the command that tells an animal to do something."""
        port, path = str(self._ledger.server_address[1]), f"/{animal.name}/{what}"
        if _BASH:
            return [_BASH, "--norc", "-c", _TELL_BY_BASH, port, path]
        return [sys.executable, "-I", "-S", "-c", _TELL, port, path]

    @property
    def _ledger_url(self) -> str:
        return f"http://127.0.0.1:{self._ledger.server_address[1]}"

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        books, dens, senders, homes = self._books, self._dens, self._senders, self._homes

        class Ledger(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                _, name, reference = self.path.split("/", 2)
                body = json.dumps(books[name].told(unquote(reference))).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                _, name, what = self.path.split("/", 2)
                words = self.rfile.read(int(self.headers["Content-Length"])).decode().split("\n")
                try:
                    if what == "send":
                        senders[name].send(*words)
                    elif what == "clock":
                        homes[name].clock.set(datetime.fromisoformat(words[0]))
                    elif what == "rotate" and words[0] != "webhook":
                        senders[name].rotate(words[0], Path(words[1]), Path(words[2]), *words[3:])
                    else:
                        getattr(dens[name], what)(*filter(None, words[1:3]))
                except Exception as error:
                    self.send_error(500, type(error).__name__)
                    return
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Ledger


def _toml(value: object) -> str:
    """Write a value as TOML: JSON but for tables."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)
