"""ARM's times: seven digits of a second, `Z` or an offset (`arm.md` 1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime


def read(text: str | None) -> datetime | None:
    """Return a moment in UTC, or None for nothing and for what is no time that can be told in it."""
    if not text:
        return None
    cut = re.sub(r"(\.\d{6})\d+", r"\1", text).replace("Z", "+00:00")
    try:
        when = datetime.fromisoformat(cut)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
