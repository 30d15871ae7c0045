"""A participant whose messages its connection provider carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.selfcheck.context import Context
from harness.selfcheck.profile import TLS, load

PROVIDER = "1046217565"


@pytest.mark.parametrize(("named", "carries"), [(PROVIDER, True), ("2300000077", False)])
def test_the_provider_that_connects_is_known_to_the_simulated_dip(
    participant: Path, tmp_path: Path, named: str, carries: bool
) -> None:
    """Where [tls] is the nominated provider's certificate, the provider is a party; else it is none."""
    text = participant.read_text(encoding="utf-8")
    own = 'dip_id = "2300000077"\n'
    participant.write_text(text.replace(own, f'{own}connection_provider = "{PROVIDER}"\n'), encoding="utf-8")
    with Context(load(participant), tmp_path / "check") as context:
        made = context.authority.issue(
            f"carrier-{named}", "tls-client", organisation="Provider", dip_ids=[named], replace=True
        )
        context.profile.tls.cert.write_bytes(made.cert.read_bytes())

        found = [each for each in context.network.parties if each.dip_id == PROVIDER]

    assert [(each.role, each.tls) for each in found] == ([("DCP", TLS)] if carries else [])
