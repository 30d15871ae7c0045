"""Connection providers: the physical recipient gets the calls of the parties that nominated it."""

from __future__ import annotations

from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.webhook_stub import ScriptedWebhook


def test_calls_for_a_party_with_a_provider_say_whose_they_are(bench: Bench) -> None:
    """The provider's webhook gets the publication with X-DIP-MPO; a party without one gets no such header."""
    served, plain = bench.party("SUP", 1), bench.party("SUP")
    assert served.connection_provider == bench.party("DCP").dip_id
    found = []
    for party, owner in ((served, bench.party("DCP")), (plain, plain)):
        path = f"/dip-channel/IF-002/pubconfig/{party.dip_id}"
        usual = bench.admin.call("GET", f"/webhooks/{bench.release}/{party.dip_id}/IF-002")["url"]
        tag = bench.tag()
        sender = bench.party("REGS")
        with ScriptedWebhook(bench) as webhook:
            body = f'{{"callbackURL": "{webhook.url}"}}'.encode()
            assert bench.client().request(owner, "POST", path, body).status == 201
            message = bench.message("IF-002", "GainMPANInfo", sender, (party,), tag=tag)
            assert bench.send(message, party=sender).status == 201
            assert bench.settle(tag)["settled"]
        assert bench.client().configure_webhook(party, "IF-002", usual).status == 201
        found.append(webhook.headers[0].get("x-dip-mpo"))
    assert found == [f"{served.mpid};SUP;{served.dip_id};{served.organisation}", None]
