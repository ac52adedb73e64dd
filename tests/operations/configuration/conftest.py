"""The small Azure of the client's own tests, and a connected cluster in the sandbox."""

from __future__ import annotations

from tests.clients.arm.conftest import arm, azure, cloud, identity, settings
from tests.sandbox.configuration.conftest import harbor
from tests.sandbox.conftest import pair, sandbox

__all__ = ["arm", "azure", "cloud", "harbor", "identity", "pair", "sandbox", "settings"]
