"""What an error body of Azure says, in whichever of its shapes it came (`arm.md` 11)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from arcctl.errors import plain_code


@dataclass(frozen=True, slots=True)
class Problem:
    """One error: its code, its message in one line, what lies beneath it, policies that said no."""

    code: str = ""
    message: str = ""
    target: str = ""
    details: tuple[Problem, ...] = ()
    policies: tuple[str, ...] = ()

    @property
    def innermost(self) -> Problem:
        """The error that explains the others: the only one at each depth."""
        named = [each for each in self.details if each.message or each.code]
        return named[0].innermost if len(named) == 1 else self


def read(text: str) -> Problem:
    """Read a body; one that is not JSON becomes a Problem with its first words as message."""
    try:
        return _problem(_unwrapped(json.loads(text)))
    except (ValueError, RecursionError):
        words = " ".join(re.sub(r"<[^>]*>", " ", text).split())
        return Problem(message=words[:200])


def _unwrapped(body: Any) -> dict[str, Any]:
    """Return the object that carries code and message; its keys in lower case at the top."""
    if not isinstance(body, dict):
        return {}
    lower = {str(key).lower(): value for key, value in body.items()}
    inner = lower.get("error")
    if isinstance(inner, dict):
        return _unwrapped(inner)
    if isinstance(inner, str):
        return {"code": inner, "message": lower.get("error_description", "")}
    return lower


def _problem(found: dict[str, Any]) -> Problem:
    message = str(found.get("message") or "")
    beneath = [_problem(_unwrapped(each)) for each in _list(found.get("details"))]
    if isinstance(found.get("innererror"), dict):
        beneath.append(_problem(_unwrapped(found["innererror"])))
    if message.lstrip().startswith("{"):
        # A provider's error wrapped by ARM travels as JSON text inside the message.
        beneath.append(read(message))
        message = beneath[-1].message
    return Problem(
        code=plain_code(found.get("code")),
        message=" ".join(message.split()),
        target=str(found.get("target") or ""),
        details=tuple(beneath),
        policies=tuple(_policies(_list(found.get("additionalinfo")))),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _policies(notes: Any) -> list[str]:
    """Name the policies behind a `RequestDisallowedByPolicy`: name if there is one, else id."""
    names = []
    for note in notes:
        info = note.get("info") if isinstance(note, dict) else None
        if not isinstance(info, dict):
            continue
        for kind in ("policyAssignment", "policyDefinition"):
            name = info.get(f"{kind}DisplayName") or info.get(f"{kind}Name")
            identifier = info.get(f"{kind}Id")
            if name or identifier:
                words = re.sub(r"([A-Z])", r" \1", kind).lower()
                names.append(
                    f"{words} {name or ''}".rstrip() + f" ({identifier})" * bool(identifier)
                )
    return names
