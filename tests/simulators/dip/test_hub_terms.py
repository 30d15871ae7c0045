"""A party's provider, API key and certificates change while the hub runs: with overlap, then the old ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import hashes

from harness.errors import HarnessError
from harness.security.certificates import first_certificate
from harness.transport.client import Answer
from tests.simulators.dip.conftest import Bench

_OTHER_KEY = "another-key-0123456789"


@pytest.fixture(autouse=True)
def on_file_again(bench: Bench) -> Iterator[None]:
    """Afterwards the hub knows its parties as the network file has them."""
    yield
    bench.admin.reset_member(bench.party("SUP").dip_id)


def _sent(bench: Bench, *, via: bool = False, api_key: str | None = None) -> Answer:
    """Send as the first supplier, over its own certificate or the provider's."""
    provider = bench.party("DCP")
    carried = {"/CommonBlock/S1/DIPConnectionProviderID": provider.dip_id} if via else {}
    message = bench.message(overrides=carried)
    return bench.send(message, tls=provider.tls if via else None, api_key=api_key)


def _status(answer: Answer) -> int | None:
    return answer.status


def test_a_provider_may_act_from_its_nomination_to_its_end(bench: Bench) -> None:
    """Who isn't nominated is refused; nominated or not ended yet it carries; ended it is refused again."""
    own, provider = bench.party("SUP"), bench.party("DCP")
    other = bench.party("DCP").dip_id

    found = [_status(_sent(bench, via=True))]
    bench.admin.set_member(own.dip_id, connection_provider=other)
    found += [_status(_sent(bench, via=True)), _status(_sent(bench))]
    bench.admin.set_member(own.dip_id, former_providers=[provider.dip_id])
    found.append(_status(_sent(bench, via=True)))
    bench.admin.set_member(own.dip_id)
    found.append(_status(_sent(bench, via=True)))

    assert found == [403, 201, 201, 201, 403]


def test_old_and_new_api_keys_stand_side_by_side(bench: Bench) -> None:
    """Both keys are let in while both are in force, and the old one is refused when it is not any more."""
    own = bench.party("SUP")
    old = own.api_key()

    found = [_status(_sent(bench, api_key=_OTHER_KEY))]
    bench.admin.set_member(own.dip_id, api_keys=[old, _OTHER_KEY])
    found += [_status(_sent(bench, api_key=each)) for each in (old, _OTHER_KEY)]
    bench.admin.set_member(own.dip_id, api_keys=[_OTHER_KEY])
    found += [_status(_sent(bench, api_key=each)) for each in (old, _OTHER_KEY)]
    bench.admin.reset_member(own.dip_id)
    found += [_status(_sent(bench, api_key=each)) for each in (old, _OTHER_KEY)]

    assert found == [401, 201, 201, 401, 201, 201, 401]


def test_a_withdrawn_certificate_is_refused(bench: Bench) -> None:
    """From then on neither a connection nor a signature of it counts, until that is taken back."""
    own = bench.party("SUP")
    found = []
    for name in (own.tls, own.signing):
        certificate, _ = first_certificate(bench.network.certificate(name).cert)
        bench.admin.set_member(own.dip_id, withdrawn=[certificate.fingerprint(hashes.SHA256())])
        found.append(_status(_sent(bench)))
    bench.admin.reset_member(own.dip_id)
    found.append(_status(_sent(bench)))

    assert found == [403, 403, 201]


@pytest.mark.parametrize(
    ("dip_id", "terms", "says"),
    [
        ("9999999999", {}, "no party has the DIP id"),
        ("", {"connection_provider": "9999999999"}, "provider's DIP id"),
        ("", {"api_keys": ["plain"]}, "no SHA-256"),
        ("", {"api_key": []}, "is no field"),
        ("", {"former_providers": "1"}, "list of texts"),
        ("", {"connection_provider": 1}, "expected a DIP id"),
    ],
)
def test_terms_that_can_not_be_are_refused(
    bench: Bench, dip_id: str, terms: dict[str, object], says: str
) -> None:
    """An unknown party, provider or field is an error that says so."""
    with pytest.raises(HarnessError, match=says):
        bench.admin.call("PUT", f"/members/{dip_id or bench.party('SUP').dip_id}", terms)
