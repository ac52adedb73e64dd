"""Where a version stands in the window of support."""

from __future__ import annotations

import pytest
from arcctl.model.support import A_MAJOR, minors_behind


@pytest.mark.parametrize(
    ("version", "behind"),
    [
        ("1.36.1", 0),
        ("v1.34.2", 2),
        ("1.37.0", -1),
        ("0.2.83", A_MAJOR),
        ("2.0.0", -A_MAJOR),
        ("", None),
        ("stable", None),
    ],
)
def test_minors_are_counted(version: str, behind: int | None) -> None:
    """Another major is further away than any minor; what is no version is not judged."""
    assert minors_behind(version, (1, 36)) == behind
