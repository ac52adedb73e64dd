"""Whether what was written can be read again: all that the change was about, and no more of it."""

from __future__ import annotations

from typing import Any

_UNSET = ("", "false", "generic", "none")


def shows(sent: Any, before: Any, now: Any) -> bool:
    """Tell whether `now` has what `sent` says otherwise than `before`, and lacks what it leaves out.

    What others have changed besides is not looked at.
    """
    if _alike(sent, before):
        return True
    if isinstance(sent, list):
        sent, before, now = (_by_feature(each) for each in (sent, before, now))
    if not isinstance(sent, dict):
        return _alike(sent, now)
    was, has = (each if isinstance(each, dict) else {} for each in (before, now))
    left_out = was.keys() - sent.keys()
    return not left_out & has.keys() and all(
        shows(value, was.get(name), has.get(name)) for name, value in sent.items()
    )


def _by_feature(items: Any) -> Any:
    """A list of features is known by their names, in whatever order the service keeps them."""
    if isinstance(items, list) and all(
        isinstance(each, dict) and each.get("feature") for each in items
    ):
        return {str(each["feature"]).lower(): each for each in items}
    return items


def _alike(one: Any, other: Any) -> bool:
    """The service keeps its own letter case, and may leave out what is off or not known."""
    if isinstance(one, dict | list) or isinstance(other, dict | list):
        return bool(one == other)
    return _plain(one) == _plain(other)


def _plain(value: Any) -> str:
    text = str(value).strip().lower()
    return "" if text in _UNSET else text
