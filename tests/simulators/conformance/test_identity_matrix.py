"""Who may do what: every mixture of certificates, key, sender and path recipient, with its status.

Three parties take part: A, a supplier; B, a supplier that nominated the provider X; and X. That an API key
belongs to one DIP id is published; that the three identities of a call must belong together, that they are
401 and 403, in which order they are held against each other, and that a provider may also carry or sign under
its client's key, is assumed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from harness.security.authority import Authority, Issued
from harness.security.keys import load_private_key
from harness.security.profiles import FLAWS, Flaw
from harness.security.signing import Signer
from harness.spec.release import Operation, load, names
from harness.transport.network import Party
from tests.simulators.dip.conftest import Bench

_OWN = "published"
_CARRIED = "assumed"
ACCEPTED = {
    # client certificate, signing certificate, API key, S1.senderDIPID, S1.DIPConnectionProviderID: basis
    ("A", "A", "A", "A", None): _OWN,
    ("B", "B", "B", "B", None): _OWN,
    ("B", "X", "B", "B", None): _CARRIED,
    ("X", "B", "B", "B", "X"): _CARRIED,
    ("X", "X", "B", "B", "X"): _CARRIED,
    ("X", "X", "X", "B", "X"): _CARRIED,
}
"""The mixtures that send; every other one is refused."""
MAY_SERVE = {"A": {"A"}, "B": {"B", "X"}, "X": {"X"}}
"""Whose certificates may come with a key; other ones are 403 (assumed)."""


def _parties(bench: Bench) -> dict[str, Party]:
    return {"A": bench.party("SUP"), "B": bench.party("SUP", 1), "X": bench.party("DCP")}


def _signer(bench: Bench, name: str) -> Signer:
    found = bench.network.certificate(name)
    return Signer.load(found.cert, found.key)


def test_every_mixture_of_identities(bench: Bench) -> None:
    """Of 108 mixtures of certificates, key, sender and provider, the six that belong together are 201."""
    parties = _parties(bench)
    signers = {name: _signer(bench, party.signing) for name, party in parties.items()}
    answered: dict[tuple[str, str, str, str, str | None], tuple[int | None, tuple[str, ...]]] = {}
    expected = {}
    for tls, signing, key, sender, provider in itertools.product("ABX", "ABX", "ABX", "AB", (None, "X")):
        message = bench.message(
            sender=parties[sender],
            overrides={
                "/CommonBlock/S1/DIPConnectionProviderID": parties[provider].dip_id if provider else None
            },
        )
        answer = bench.send(
            message,
            party=parties[sender],
            tls=parties[tls].tls,
            api_key=parties[key].api_key(),
            signer=signers[signing],
        )
        mixture = (tls, signing, key, sender, provider)
        answered[mixture] = (answer.status, answer.codes)
        if mixture in ACCEPTED:
            expected[mixture] = (201, ("MSG0000",))
        elif not {tls, signing} <= MAY_SERVE[key]:
            expected[mixture] = (403, ())
        elif key == sender or (key, sender) == ("X", "B"):
            expected[mixture] = (400, ("MSG1011",))
        else:
            expected[mixture] = (400, ("MSG1009",))
    assert len(answered) == 108
    assert answered == expected
    assert {mixture for mixture, (status, _) in answered.items() if status == 201} == set(ACCEPTED)


@pytest.mark.parametrize("key", ["", "nobody's", "x y", "a" * 4000])
def test_a_key_that_nobody_has_is_refused_before_certificates_are_compared(bench: Bench, key: str) -> None:
    """An unknown key is 401 (assumed), also with another party's certificates."""
    assert bench.send(bench.message(), api_key=key).status == 401
    assert bench.send(bench.message(), api_key=key, tls=bench.party("SUP", 1).tls).status == 401


_HANDSHAKE = None
TLS_FLAWS = {
    "none": _HANDSHAKE,
    "flaw-expired": _HANDSHAKE,
    "flaw-not-yet-valid": _HANDSHAKE,
    "flaw-foreign": _HANDSHAKE,
    "flaw-wrong-usage": _HANDSHAKE,
    "flaw-revoked": 403,
    "flaw-wrong-party": 403,
}
"""What a broken client certificate comes to: no connection, or (assumed) 403."""


def test_the_table_of_broken_client_certificates_is_whole(bench: Bench) -> None:
    """Every flaw that the default network holds has its row."""
    held = {found.name for found in bench.network.certificates if found.name.startswith("flaw-")}
    assert set(TLS_FLAWS) == held | {"none"}


@pytest.mark.parametrize(("name", "status"), TLS_FLAWS.items())
def test_a_broken_client_certificate(bench: Bench, name: str, status: int | None) -> None:
    """A client certificate with any flaw sends nothing, with the rest of the call right."""
    answer = bench.send(bench.message(), tls=name)
    assert answer.status == status
    assert answer.refused_in_handshake == (status is None)


@pytest.fixture(scope="module")
def authority(bench: Bench) -> Authority:
    """Return the authority that the hub trusts."""
    return Authority.open(bench.target.ca.parent.parent)


def _issue(authority: Authority, party: Party, flaw: Flaw | None, name: str) -> Issued:
    return authority.issue(
        name, "signing", organisation=party.organisation, dip_ids=(party.dip_id,), flaw=flaw, replace=True
    )


@pytest.mark.parametrize("flaw", [None, *FLAWS])
def test_a_broken_signing_certificate(bench: Bench, authority: Authority, flaw: Flaw | None) -> None:
    """A signing certificate with any flaw is 403 (assumed); the same without a flaw sends."""
    issued = _issue(authority, bench.party("SUP"), flaw, f"matrix-{flaw or 'whole'}")
    answer = bench.send(bench.message(), signer=Signer.load(issued.cert, issued.key))
    assert answer.status == (201 if flaw is None else 403)


def test_a_certificate_of_another_use_signs_nothing(bench: Bench) -> None:
    """The client certificate, although it is the party's own, is no signing certificate."""
    found = bench.network.certificate(bench.party("SUP").tls)
    assert found.key is not None
    signer = Signer(load_private_key(found.key), found.cert.read_bytes())
    assert bench.send(bench.message(), signer=signer).status in (401, 403)


def test_a_key_that_is_not_the_certificates_signs_nothing(bench: Bench, authority: Authority) -> None:
    """A signature by another key than that of the certificate which is shown is 401 (assumed)."""
    other = _issue(authority, bench.party("SUP"), None, "matrix-other-key")
    own = bench.network.certificate(bench.party("SUP").signing)
    signer = Signer(load_private_key(other.key), own.cert.read_bytes())
    assert bench.send(bench.message(), signer=signer).status == 401


def _owned() -> Iterator[tuple[str, Operation]]:
    """Return each operation that acts for the party in its path."""
    for name in names():
        for operation in load(name).operations:
            if "{recipient-id}" in operation.path:
                yield name, operation


def _everything() -> Iterator[tuple[str, Operation]]:
    for name in names():
        for operation in load(name).operations:
            yield name, operation


@pytest.mark.parametrize(
    ("release", "operation"),
    [pytest.param(n, each, id=f"{n}-{each.method}-{each.path}") for n, each in _everything()],
)
def test_each_identity_must_match_on_every_operation(
    bench: Bench, release: str, operation: Operation
) -> None:
    """Another party's certificate, signature or key is 403 on every operation, none or a wrong one is 401."""
    own, other = bench.party("SUP"), bench.party("REGS")
    path = operation.path.replace("{id}", "IF-031").replace("{recipient-id}", own.dip_id)
    path = path.replace("{message-id}", "S-IF-031-2300000001-SUP-20260101-none")
    body = b"" if operation.body is None else b"{}"
    client = bench.client(release)

    def status(**how: Any) -> int | None:
        return client.request(own, operation.method, path, body, **how).status

    assert status(tls=other.tls) == 403
    assert status(signer=_signer(bench, other.signing)) == 403
    assert status(api_key=other.api_key()) == 403
    assert status(api_key="") == status(api_key="nobody's") == 401
    assert status(sign=False) == status(headers={"X-DIP-Signature": "AAAA"}) == 401
    assert status(headers={"X-DIP-Signature-Date": "2020-01-01T00:00:00.000Z"}) == 401
    assert status() not in (None, 401, 403, 404)


@pytest.mark.parametrize(
    ("release", "operation"),
    [pytest.param(n, each, id=f"{n}-{each.method}-{each.path}") for n, each in _owned()],
)
def test_no_party_acts_for_another(bench: Bench, release: str, operation: Operation) -> None:
    """Whoever is neither the party in the path nor its nominated provider is 403; an unknown party is 404."""
    parties = _parties(bench)
    bodies = {
        "MessageRequest": dict.fromkeys(("datetimeFrom", "datetimeTo", "eventCode", "MPAN", "version")),
        "WebhookConfig": {"callbackURL": "https://127.0.0.1:1/elsewhere"},
    }
    body = b"" if operation.body is None else orjson.dumps(bodies.get(operation.body, {}))
    reference = "S-IF-031-2300000001-SUP-20260101-none"

    def status(caller: str, owner: str) -> int | None:
        dip_id = parties[owner].dip_id if owner in parties else owner
        path = operation.path.replace("{id}", "IF-031").replace("{recipient-id}", dip_id)
        path = path.replace("{message-id}", reference)
        return bench.client(release).request(parties[caller], operation.method, path, body).status

    for caller, owner in itertools.product("ABX", "ABX"):
        if caller in MAY_SERVE[owner]:
            assert status(caller, owner) not in (None, 401, 403, 404), (caller, owner)
        else:
            assert status(caller, owner) == 403, (caller, owner)
    for owner in ("9999999999", "x", "%00"):
        assert status("A", owner) == 404, owner
    assert status("A", bench.network.with_role("DIP")[0].dip_id) == 403
