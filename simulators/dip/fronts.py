"""The hub's application with what stands before it: faults on request, times of service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.dip.hub import Hub
from simulators.dip.mounting import Mounted, Standing

if TYPE_CHECKING:
    from starlette.types import ASGIApp


def before_hub(standing: Standing, found: Mounted) -> ASGIApp:
    """Return what the hub's server runs."""
    controls = standing.controls
    hub = Hub(found.mounts, controls.settings.integer("limits.body_bytes"), standing.log, controls.metrics)
    return controls.before_hub(hub, found.mounts, standing.who)
