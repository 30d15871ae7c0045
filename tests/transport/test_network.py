"""The network file: what is read, what is written, and what each mistake is told."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigurationError, EnvironmentFault
from harness.transport.network import CertificateSet, Network, Organisation, Party, load, write

FILE = """\
[[organisation]]
name = "Supplier A"
  [[organisation.party]]
  mpid = "AAAA"
  role = "SUP"
  dip_id = "2300000001"
  api_key_env = "SUPPLIER_A_API_KEY"
  tls = "a-tls"
  signing = "a-signing"
  webhook = "https://127.0.0.1:9101/"
  webhooks = { "IF-036" = "https://127.0.0.1:9102/appointments" }
  status_webhook = "https://127.0.0.1:9103/status"
  connection_provider = "1046217565"
  [[organisation.party]]
  mpid = "AAAA"
  role = "LDSO"
  dip_id = "2500000001"
  api_key_file = "keys/a.key"
  tls = "a-tls"
  signing = "a-signing"
  distributor_id = "10"
[[organisation]]
name = "Provider"
  [[organisation.party]]
  role = "DCP"
  dip_id = "1046217565"
  tls = "a-tls"
  signing = "a-signing"
[[certificate]]
name = "a-tls"
cert = "pki/a.pem"
key = "pki/a.key"
[[certificate]]
name = "a-signing"
cert = "pki/a.pem"
sign_command = ["vault", "sign", "--key", "a"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the network file names."""
    (tmp_path / "pki").mkdir()
    (tmp_path / "keys").mkdir()
    for name in ("pki/a.pem", "pki/a.key"):
        (tmp_path / name).write_text("x")
    (tmp_path / "keys/a.key").write_text("key-of-a\n")
    (tmp_path / "network.toml").write_text(FILE)
    return tmp_path


def test_every_field_is_read(folder: Path) -> None:
    """What the file says is what the network holds; paths start at the file's folder."""
    network = load(folder / "network.toml")
    supplier, ldso, provider = network.parties
    assert (supplier.organisation, supplier.mpid, supplier.role) == ("Supplier A", "AAAA", "SUP")
    assert supplier.name == "Supplier A (SUP)"
    assert supplier.webhook == "https://127.0.0.1:9101/"
    assert supplier.webhooks == {"IF-036": "https://127.0.0.1:9102/appointments"}
    assert supplier.status_webhook == "https://127.0.0.1:9103/status"
    assert supplier.connection_provider == provider.dip_id == "1046217565"
    assert not supplier.simulated
    assert ldso.simulated
    assert ldso.distributor_id == "10"
    assert ldso.api_key() == "key-of-a"
    assert provider.mpid == ""
    assert network.certificate("a-tls").key == folder / "pki/a.key"
    assert network.certificate("a-signing").sign_command == ("vault", "sign", "--key", "a")
    assert network.by_dip_id("2500000001") is ldso
    assert network.with_role("SUP") == (supplier,)
    assert [organisation.name for organisation in network.organisations] == ["Supplier A", "Provider"]


def test_what_is_written_reads_back_equal(folder: Path) -> None:
    """Writing and reading lose nothing, and paths below the folder stay relative so that it can be moved."""
    network = load(folder / "network.toml")
    write(network, folder / "again.toml")
    again = load(folder / "again.toml")
    assert again.organisations == network.organisations
    assert again.certificates == network.certificates
    assert str(folder) not in (folder / "again.toml").read_text()


@given(st.text(min_size=1).filter(lambda text: text.strip() and max(text) < "\ud800"))
def test_any_text_survives_the_file(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Quotes, backslashes, newlines and control characters are escaped as TOML wants."""
    path = tmp_path_factory.mktemp("n") / "network.toml"
    party = Party(name, "AAAA", "SUP", "2300000001", name, name, api_key_env="KEY")
    cert = path.with_name("c.pem")
    cert.write_text("x")
    network = Network((Organisation(name, (party,)),), (CertificateSet(name, cert, None, (name, "b")),))
    write(network, path)
    with path.open("rb") as file:
        assert tomllib.load(file)["organisation"][0]["name"] == name
    assert load(path).organisations == network.organisations
    assert load(path).certificates == network.certificates


def test_writing_where_nothing_can_be_leaves_nothing(folder: Path) -> None:
    """A folder that is not there is named, and no half file stays."""
    network = load(folder / "network.toml")
    with pytest.raises(EnvironmentFault, match="can't be written"):
        write(network, folder / "no" / "network.toml")
    assert sorted(path.name for path in folder.iterdir()) == ["keys", "network.toml", "pki"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('role = "SUP"', 'role = "SUPP"', ["2300000001", "role is 'SUPP'", "Did you mean 'SUP'?"]),
        ('role = "SUP"\n', "", ["2300000001: role is missing"]),
        (
            'mpid = "AAAA"\n  role = "S',
            'mpid = "aaaa"\n  role = "S',
            ["mpid is 'aaaa'", "four capital letters"],
        ),
        ('mpid = "AAAA"\n  role = "SUP"', 'role = "SUP"', ["mpid is missing", "four capital letters"]),
        ('"2300000001"', '"23"', ["party 23: dip_id is '23'", "ten hexadecimal digits"]),
        ('"2300000001"', "2300000001", ["dip_id is 2300000001, expected a text", 'dip_id = "2300000001"']),
        ('"2500000001"', '"2300000001"', ["the DIP id '2300000001' is used twice"]),
        (
            '  tls = "a-tls"',
            '  tls = "b-tls"',
            ["party 2300000001: tls names the certificate set 'b-tls'", "Did you mean 'a-tls'?"],
        ),
        (
            'key = "pki/a.key"',
            'key = "pki/b.key"',
            ["certificate a-tls: key names", "pki/b.key, which is no file"],
        ),
        ('key = "pki/a.key"\n', "", ["certificate a-tls: key is missing", "sign_command"]),
        ('"keys/a.key"', '"keys/b.key"', ["party 2500000001: api_key_file names", "which is no file"]),
        ('"SUPPLIER_A_API_KEY"', '"s3cr3t-key!"', ["api_key_env is not the name", "Never write the key"]),
        (
            "https://127.0.0.1:9101/",
            "http://127.0.0.1:9101/",
            ["webhook is 'http://", "expected an https URL"],
        ),
        ("https://127.0.0.1:9101/", "https://127.0.0.1:x/", ["webhook is", "expected an https URL"]),
        ('"IF-036"', '"036"', ["webhooks '036' is no message channel"]),
        ('"10"', '"1O"', ["distributor_id is '1O'"]),
        ('"1046217565"\n  [[', '"104"\n  [[', ["connection_provider is '104'"]),
        ("api_key_env", "api_key", ["api_key is no field of this table", "Did you mean 'api_key_"]),
        (
            '[[organisation]]\nname = "Provider"',
            '[[organisations]]\nname = "Provider"',
            ["organisations is no field", "Did you mean 'organisation'?"],
        ),
        ('name = "Provider"', 'name = "Supplier A"', ["the organisation 'Supplier A' is used twice"]),
        ('name = "a-signing"', 'name = "a-tls"', ["the certificate set 'a-tls' is used twice"]),
        (
            '["vault", "sign", "--key", "a"]',
            '"vault sign"',
            ["sign_command is 'vault sign', expected a list"],
        ),
        ('name = "Provider"', 'name = ""', ["name is empty"]),
        ('distributor_id = "10"', 'distributor_id = "10', ["is not TOML", "line"]),
    ],
)
def test_each_mistake_names_file_table_field_and_fix(
    folder: Path, old: str, new: str, said: list[str]
) -> None:
    """One sentence says where the mistake is, what it is and how to mend it."""
    assert FILE.count(old) >= 1
    (folder / "network.toml").write_text(FILE.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        load(folder / "network.toml")
    message = str(caught.value)
    assert message.startswith(str(folder / "network.toml"))
    for part in said:
        assert part in message


def test_a_secret_in_the_wrong_field_is_not_repeated(folder: Path) -> None:
    """Whoever writes the key where its variable's name belongs doesn't find it in the log."""
    (folder / "network.toml").write_text(FILE.replace("SUPPLIER_A_API_KEY", "s3cr3t-key!"))
    with pytest.raises(ConfigurationError) as caught:
        load(folder / "network.toml")
    assert "s3cr3t" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A missing file is a plain sentence."""
    with pytest.raises(ConfigurationError, match=r"gone\.toml: there is no such file"):
        load(tmp_path / "gone.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"binary\.toml: is not TOML"):
        load(tmp_path / "binary.toml")


def test_a_missing_key_names_the_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A party whose variable is not set says which one to set; the file is the second choice."""
    supplier = load(folder / "network.toml").by_dip_id("2300000001")
    monkeypatch.delenv("SUPPLIER_A_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match=r"2300000001.*SUPPLIER_A_API_KEY holds no API key"):
        supplier.api_key()
    with_file = replace(supplier, api_key_file=folder / "keys/a.key")
    assert with_file.api_key() == "key-of-a"
    monkeypatch.setenv("SUPPLIER_A_API_KEY", "from-the-environment")
    assert with_file.api_key() == "from-the-environment"
    with pytest.raises(ConfigurationError, match="no API key is configured"):
        replace(supplier, api_key_env=None).api_key()


@pytest.mark.parametrize("content", ["", "two words", "two\nlines", "umläut"])
def test_a_key_file_holds_one_key(folder: Path, content: str) -> None:
    """A file that can't be one header value is refused by name and not quoted."""
    (folder / "keys/a.key").write_text(content)
    party = load(folder / "network.toml").by_dip_id("2500000001")
    with pytest.raises(ConfigurationError, match=r"a\.key does not hold one line") as caught:
        party.api_key()
    assert not content or content not in str(caught.value)


def test_unknown_names_offer_the_nearest(folder: Path) -> None:
    """Asking for a party or set that isn't there says what is."""
    network = load(folder / "network.toml")
    with pytest.raises(ConfigurationError, match=r"'2300000002'.*Did you mean '2300000001'"):
        network.by_dip_id("2300000002")
    with pytest.raises(ConfigurationError, match=r"'a-tsl'.*Did you mean 'a-tls'"):
        network.certificate("a-tsl")


def test_a_party_can_be_replaced(folder: Path) -> None:
    """Replacing keeps everybody else."""
    network = load(folder / "network.toml")
    changed = replace(network.by_dip_id("2300000001"), webhook="simulated")
    again = network.replacing(changed)
    assert again.by_dip_id("2300000001").simulated
    assert [p.dip_id for p in again.parties] == [p.dip_id for p in network.parties]
