"""The window of versions that are supported: the newest minor and two back (`arc.md` A7)."""

from __future__ import annotations

import re

# The newest that were known when this arcctl was released.
NEWEST_AGENT = (1, 36)
NEWEST_KUBERNETES = (1, 36)
SUPPORTED_MINORS = 2
A_MAJOR = 1000
"""More minors than any major has: how far behind an older major is."""


def minors_behind(version: str, newest: tuple[int, int]) -> int | None:
    """Return how many minors a version is behind, negative for a newer one, None if unreadable."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    if not found:
        return None
    major, minor = map(int, found.groups())
    if major == newest[0]:
        return newest[1] - minor
    return A_MAJOR if major < newest[0] else -A_MAJOR
