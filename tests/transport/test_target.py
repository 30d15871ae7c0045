"""Target profiles: what is read, and what is never spoken to."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.transport.network import Network, write
from harness.transport.target import load, refuse_production

PROFILE = """\
url = "https://dip.example.test:8443/base/{release}/"
ca = "ca.pem"
network = "network.toml"
environment = "SIT"
capabilities = ["admin", "clock"]
admin = "http://127.0.0.1:9001/"
admin_key_file = "admin.key"
"""


@pytest.fixture
def folder(tmp_path: Path, network: Network) -> Path:
    """A folder with a profile and what it names."""
    write(network, tmp_path / "network.toml")
    (tmp_path / "ca.pem").write_text("x")
    (tmp_path / "admin.key").write_text("admin-secret\n")
    (tmp_path / "target.toml").write_text(PROFILE)
    return tmp_path


def test_a_profile_is_read(folder: Path, network: Network) -> None:
    """Every field arrives; paths start at the file; each release gets its own address."""
    target = load(folder / "target.toml")
    assert target.url("2.1.0") == "https://dip.example.test:8443/base/2.1.0"
    assert target.ca == folder / "ca.pem"
    assert target.network.parties == network.parties
    assert target.environment == "SIT"
    assert target.capabilities == {"admin", "clock"}
    assert target.admin is not None
    assert target.admin.url == "http://127.0.0.1:9001"
    assert "admin-secret" not in repr(target)
    target.close()


def test_a_plain_profile_has_no_admin(folder: Path) -> None:
    """A real environment needs four lines."""
    text = PROFILE.split("capabilities")[0].replace("/{release}", "")
    (folder / "target.toml").write_text(text)
    target = load(folder / "target.toml")
    assert target.admin is None
    assert target.capabilities == frozenset()
    assert target.url("2.1.0") == target.url("1.8.3") == "https://dip.example.test:8443/base"
    target.close()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"SIT"', '"PRD"', ["environment is PRD", "never speaks to production"]),
        ('"SIT"', '"SITT"', ["environment is 'SITT'", "Did you mean 'SIT"]),
        ("dip.example.test", "dip-prd.example", ["url", "dip-prd.example looks like production"]),
        ("https://dip", "http://dip", ["url is 'http://dip", "expected https"]),
        ("{release}", "{version}", ["url", "only placeholder is {release}"]),
        ("https://dip", "https://me:secret@dip", ["url has more than host, port and path"]),
        ("https://dip.example.test:8443/base/{release}/", "dip", ["'dip' is not a URL with a host"]),
        ("8443", "84430", ["is not a URL with a host"]),
        ('"clock"', '"clocks"', ["capabilities names 'clocks'", "Did you mean 'clock'?"]),
        ('ca = "ca.pem"', 'ca = "no.pem"', ["ca names", "no.pem, which is no file"]),
        ('ca = "ca.pem"\n', "", ["ca is missing"]),
        ('"network.toml"', '"no.toml"', ["no.toml: there is no such file"]),
        ('admin = "http://127.0.0.1:9001/"\n', "", ["admin is missing", "the admin API"]),
        ('admin_key_file = "admin.key"\n', "", ["admin_key_file is missing"]),
        ("http://127.0.0.1:9001", "http://admin.prod.example", ["admin", "looks like production"]),
        ("environment", "enviroment", ["environment is missing"]),
        ("capabilities", "capability", ["capability is no field", "Did you mean 'capabilities'?"]),
    ],
)
def test_each_mistake_names_file_field_and_fix(folder: Path, old: str, new: str, said: list[str]) -> None:
    """One sentence says where the mistake is, what it is and how to mend it; credentials are not repeated."""
    (folder / "target.toml").write_text(PROFILE.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        load(folder / "target.toml")
    for part in said:
        assert part in str(caught.value)
    assert "me:secret" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "prod.dip.example",
        "dip-prod.example",
        "dip.PRD",
        "api-prd01.example",
        "production.dip.example",
        "a_prod_b.c",
        "prod",
        "prod2-pre.example",
    ],
)
def test_production_is_refused(host: str) -> None:
    """A host with a production part in its name is refused."""
    with pytest.raises(ConfigurationError, match="looks like production"):
        refuse_production(f"https://{host}/x", where="test")


@pytest.mark.parametrize(
    "host",
    [
        "preprod.dip.example",
        "dip-preprod1.example",
        "pre-prod.example",
        "nonprod.example",
        "non-prd.example",
        "product.example",
        "producer.example",
        "dipsim-prod83.example",
        "127.0.0.1",
        "[::1]",
        "uit.dip.example",
    ],
)
def test_other_hosts_are_spoken_to(host: str) -> None:
    """Pre-production, simulators and names that merely begin alike are no production."""
    refuse_production(f"https://{host}:8443/x", where="test")
