"""The small Azure of the client's own tests."""

from __future__ import annotations

from tests.clients.arm.conftest import arm, azure, cloud, identity, settings

__all__ = ["arm", "azure", "cloud", "identity", "settings"]
