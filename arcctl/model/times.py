"""ARM's times: seven digits of a second, `Z` or an offset (`arm.md` 1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime


def read(text: str | None) -> datetime | None:
    """Return an aware moment, or None for nothing and for what is no time."""
    if not text:
        return None
    cut = re.sub(r"(\.\d{6})\d+", r"\1", text).replace("Z", "+00:00")
    try:
        when = datetime.fromisoformat(cut)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
