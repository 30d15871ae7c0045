"""``dip report exit``: the overarching exit report over the completion reports of parties."""

from __future__ import annotations

import click


@click.command("exit")
def exit_() -> None:
    """Write the overarching exit report from COMPLETION.json files."""
