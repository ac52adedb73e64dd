"""The small Azure of the ARM tests, seen by whoever signs in."""

from tests.clients.arm.conftest import arm, azure, cloud, identity, settings, with_secret

__all__ = ["arm", "azure", "cloud", "identity", "settings", "with_secret"]
