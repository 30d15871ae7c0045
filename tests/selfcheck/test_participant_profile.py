"""`participant.toml`: what is read, and how an error names its place."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from harness.errors import ConfigurationError
from harness.selfcheck.beginning import Answers, text
from harness.selfcheck.profile import SCHEMA, load

FULL = """\
format = 1
name = "Supplier X"
environment = "SIT"
releases = ["2.1.0", "2.2.1"]
trust = ["ca.pem"]
captures = ["sent.http"]
proxy = "http://proxy:3128"
body_limit = 1000000

[[party]]
role = "LDSO"
mpid = "LDSX"
dip_id = "2500000077"
distributor_id = "10"
connection_provider = "1000000001"
api_key_env = "DIP_KEY"
webhook = "https://receiver.example/in"
webhooks = { "IF-036" = "https://receiver.example/36" }
status_webhook = "https://receiver.example/status"

[tls]
cert = "tls.pem"
key_env = "TLS_KEY"
chain = "chain.pem"

[signing]
cert = "signing.pem"
sign_command = ["vault-sign", "--key", "x"]
next_cert = "signing.next.pem"
next_key = "signing.next.key"

[webhook]
cert = "webhook.pem"
ca = ["other.pem"]
public_url = "https://dip.example/in"
forwarded_hosts = ["dip.example"]
next_url = "https://next.example/in"

[dip]
folder = "dip"
url = "https://dip.sit.example/2.1.0"
ca = "dip.pem"

[[probe]]
name = "adapter"
url = "http://adapter.example/health"

[hooks]
send = ["send", "{interface}"]
stop = ["stop"]
start = ["start"]
rotate = ["rotate", "{what}"]
clock = ["set-clock", "{now}"]
ledger = ["count", "{reference}"]

[next_provider]
dip_id = "1000000002"
webhook = "https://provider.example/in"

[[exemption]]
interface = "IF-041"
reason = "no smart meters"
agreed_with = "the SI"
"""


def _written(folder: Path, content: str) -> Path:
    path = folder / "participant.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_every_field_is_read(tmp_path: Path) -> None:
    """A profile with every field gives them back, with paths that start at its folder."""
    profile = load(_written(tmp_path, FULL))
    assert profile.releases == ("2.1.0", "2.2.1")
    assert profile.tls.chain == tmp_path / "chain.pem"
    assert profile.tls.key_env == "TLS_KEY"
    assert profile.signing.sign_command == ("vault-sign", "--key", "x")
    assert profile.webhook.ca == (tmp_path / "other.pem",)
    assert profile.hub.folder == tmp_path / "dip"
    assert profile.probes[0].name == "adapter"
    assert profile.hooks.ledger == ("count", "{reference}")
    assert profile.exemptions[0].interface == "IF-041"
    assert [url for _, _, url in profile.urls()] == [
        "https://receiver.example/in",
        "https://receiver.example/36",
        "https://receiver.example/status",
    ]


def test_the_schema_takes_what_is_read(tmp_path: Path) -> None:
    """The JSON Schema accepts the full profile and the one that init writes, and refuses unknown fields."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validate(tomllib.loads(FULL), schema)
    answers = Answers("Supplier X", "SUP", "SUPX", "2300000077", webhook="https://127.0.0.1:9443/dip")
    jsonschema.validate(tomllib.loads(text(answers)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads("nmae = 'x'\n" + FULL), schema)
    load(_written(tmp_path, text(answers)))


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('environment = "SIT"', 'environment = "SIR"', 3, "Did you mean 'SIT"),
        ('environment = "SIT"', 'environment = "PRD"', 3, "never speaks to production"),
        ('releases = ["2.1.0", "2.2.1"]', 'releases = ["2.1.1"]', 4, "Did you mean '2.1.0'"),
        ('role = "LDSO"', 'role = "LDS"', 11, "Did you mean 'LDSO'"),
        ('dip_id = "2500000077"', 'dip_id = "25000077"', 13, "ten hexadecimal digits"),
        ('key_env = "TLS_KEY"', 'key_env = "--BEGIN KEY--"', 23, "Never write the key itself"),
        ('chain = "chain.pem"', 'chian = "chain.pem"', 24, "Did you mean 'chain'"),
        ('cert = "signing.pem"', 'cert = "signing.pem"\nkey = "x.key"', 28, "is said not once"),
        ('public_url = "https://dip.example/in"', 'public_url = "http://dip"', 35, "https://host:port/path"),
        (
            'url = "https://dip.sit.example/2.1.0"',
            'url = "https://dip-prod.example"',
            37,
            "looks like production",
        ),
        ('interface = "IF-041"', 'interface = "IF-999"', 61, "IF-999"),
        ('next_key = "signing.next.key"', "", 29, "needs next_key"),
        ('dip_id = "1000000002"', 'dip_id = "2"', 57, "ten hexadecimal digits"),
        ('key_env = "TLS_KEY"', 'sign_command = ["x"]', 23, "give connect_command"),
        ("body_limit = 1000000", 'body_limit = "1 MB"', 8, "expected a whole number"),
        ("[[party]]", "[party]", 10, "Write [[party]] above each"),
    ],
)
def test_an_error_names_line_and_way_out(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    """A wrong field is refused with file, line, and the nearest right value or what to do."""
    assert old in FULL
    with pytest.raises(ConfigurationError) as caught:
        load(_written(tmp_path, FULL.replace(old, new, 1)))
    assert said in str(caught.value)
    if "production" not in said or "PRD" in new:
        assert f"participant.toml, line {line}" in caught.value.where


def test_two_parties_with_one_dip_id_are_refused(tmp_path: Path) -> None:
    """A DIP id belongs to one party."""
    again = '\n[[party]]\nrole = "SUP"\nmpid = "SUPX"\ndip_id = "2500000077"\n'
    with pytest.raises(ConfigurationError, match="2500000077 twice"):
        load(_written(tmp_path, FULL + again))
