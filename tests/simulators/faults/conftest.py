"""The hub of the hub's own tests."""

from __future__ import annotations

from tests.simulators.dip.conftest import bench, network_folder, store_kind

__all__ = ["bench", "network_folder", "store_kind"]
