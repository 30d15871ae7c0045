"""``dip volumetrics``: how many messages a portfolio makes."""

from __future__ import annotations

import click


@click.command()
def volumetrics() -> None:
    """Say how many messages a portfolio makes."""
