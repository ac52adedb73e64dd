"""How things are called that agents put into a cluster (`arm.md` 8.2; the marks are guesses, [K])."""

from __future__ import annotations

import hashlib
import re

AGENTS = "azure-arc"
FLUX_NAMESPACE = "flux-system"
FLUX_TYPE = "microsoft.flux"
MANAGED_BY = "app.kubernetes.io/managed-by"
# Secrets with the values of protected settings carry this label, so they are found afterwards.
PROTECTED = "clusterconfig.azure.com/protected-settings"
CHILD = "clusterconfig.azure.com/child"
CONFIGURATION = "clusterconfig.azure.com/name"
_FIT = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def fitting(name: str, longest: int = 63) -> str:
    """Return a name as Kubernetes takes it: as it is if it can be, else made unique by a digest."""
    if _FIT.fullmatch(name) and len(name) <= longest:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    kept = re.sub(r"[^-a-z0-9]+", "-", name.lower())[: longest - 9].strip("-")
    return f"{kept or 'x'}-{mark}"


def release(extension: str) -> str:
    """Return the release of an extension: its own name, where helm takes it (53 characters)."""
    return fitting(extension, 53)


def protected_secret(kind: str, name: str) -> str:
    """Return the Secret of a child's protected values; a client reads it, never guesses it."""
    mark = hashlib.sha256(f"{kind}/{name}".encode()).hexdigest()[:6]
    return fitting(f"{name.lower()}-protected-{mark}", 253)


def fitting_key(name: str) -> str:
    """Return a key as a Secret takes it."""
    return re.sub(r"[^-._a-zA-Z0-9]", "-", name)
