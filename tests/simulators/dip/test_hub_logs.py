"""What whoever runs the hub reads in its log."""

from __future__ import annotations

import base64

import orjson

from tests.simulators.dip.conftest import Bench


def test_logs_are_json_and_hold_no_secret(bench: Bench) -> None:
    """After requests that pass and fail in many ways, the log holds no key, signature, certificate, value."""
    supplier, tag = bench.party("SUP"), bench.tag()
    message = bench.message(tag=tag)
    sent = [
        bench.send(message),
        bench.send(message),
        bench.send(bench.message(), api_key="an-unknown-key"),
        bench.send(bench.message(), api_key=bench.party("SUP", 1).api_key()),
        bench.send(bench.message(), headers={"X-DIP-Content-Hash": "AAAA"}),
        bench.send(bench.message(), headers={"X-DIP-Signature-Certificate": "bm9uZQ=="}),
        bench.send(bench.message(), headers={"X-DIP-Signature": "c2lnbmF0dXJl"}),
        bench.send(body=b'[{"payload": "a-word-of-the-body"}]', channel="IF-031"),
        bench.send(bench.message(overrides={"/CustomBlock/B070/appointmentScenario": "a-value"})),
        bench.client().request(supplier, "POST", "/validate/IF-031/MSApp", b'{"CommonBlock": "a-value"}'),
        bench.client().request(supplier, "GET", "/nowhere"),
    ]
    assert {answer.status for answer in sent} == {201, 400, 401, 403, 404}
    bench.settle(tag)
    log = bench.log
    lines = [orjson.loads(line) for line in log.splitlines()]
    assert {"ready", "refused"} <= {line["event"] for line in lines}
    assert all({"at", "level", "event"} <= line.keys() for line in lines)
    secrets = {
        supplier.api_key(),
        bench.party("SUP", 1).api_key(),
        "an-unknown-key",
        "a-word-of-the-body",
        "a-value",
    }
    secrets |= {"c2lnbmF0dXJl", "bm9uZQ==", (bench.target.store / "admin.key").read_text().strip()}
    for answer in sent:
        secrets |= {
            value for name, value in answer.request.headers.items() if name.startswith("x-dip-") and value
        } - {answer.request.headers.get("x-dip-signature-date", ""), "AAAA"}
    certificate = bench.network.certificate(supplier.signing)
    secrets.add(message["CommonBlock"]["M0"]["MPANCore"])
    secrets |= {base64.b64encode(certificate.cert.read_bytes()).decode(), "PRIVATE KEY"}
    assert not [secret for secret in secrets if secret in log]
