"""How the services write a time: seven digits, `Z` or `+00:00` (`arm.md` 1, 14.2)."""

from __future__ import annotations

from datetime import datetime


def zulu(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def offset(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")


def read(text: str) -> datetime:
    """Read what either wrote."""
    whole, _, fraction = text.removesuffix("Z").removesuffix("+00:00").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6] or '0'}+00:00")
