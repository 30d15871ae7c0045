"""Metrics of several processes in one answer: each family once, each sample with its worker."""

from __future__ import annotations

import re

from simulators.dip.exposition import merged
from simulators.dip.metrics import Metrics


def _text(accepted: int, *, called: float | None = None) -> str:
    metrics = Metrics()
    metrics.accepted("2.1.0", "IF-031", accepted)
    if called is not None:
        metrics.called("2.1.0", called)
    return metrics.text({})


def test_each_family_is_told_once_and_each_sample_names_its_worker() -> None:
    """Two workers' counts stand in one family, the whole hub's without a label, and histograms stay whole."""
    own = Metrics().text({("2.1.0", "Pending"): 7})
    text = merged(own, {"delivery-1": _text(0, called=0.02), "ingress-1": _text(3), "ingress-2": _text(4)})
    lines = text.splitlines()
    heads = [line for line in lines if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads))
    for line in lines:
        if not line.startswith("#"):
            family = re.sub("(_bucket|_sum|_count)?{.*", "", line)
            assert any(head.split(" ")[2] == family for head in heads), line
    assert 'dip_messages_accepted_total{worker="ingress-1",release="2.1.0",interface="IF-031"} 3' in lines
    assert 'dip_messages_accepted_total{worker="ingress-2",release="2.1.0",interface="IF-031"} 4' in lines
    assert 'dip_deliveries_open{release="2.1.0",status="Pending"} 7' in lines
    assert 'dip_webhook_call_seconds_count{worker="delivery-1",release="2.1.0"} 1' in lines
    place = lines.index("# TYPE dip_webhook_call_seconds histogram")
    assert lines[place + 1].startswith('dip_webhook_call_seconds_bucket{worker="delivery-1",')


def test_a_worker_that_did_not_answer_is_told() -> None:
    """Its counts are missing, and `dip_worker_up` says so; the others are there."""
    lines = merged("", {"ingress-1": None, "ingress-2": _text(4)}).splitlines()
    assert 'dip_worker_up{worker="ingress-1"} 0' in lines
    assert 'dip_worker_up{worker="ingress-2"} 1' in lines
    assert not [line for line in lines if "ingress-1" in line and not line.startswith("dip_worker_up")]
