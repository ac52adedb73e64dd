"""The words in which a look at a move is answered: rows with a fate and a known code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.move.codes import CODES
from arcctl.model.plan import Fate, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 5


def carried(code: str, subject: str, detail: str = "", *remedy: str) -> Row:
    """It is the same in the target as soon as the move is done."""
    return _row(Fate.CARRIED, code, subject, detail, remedy)


def restored(code: str, subject: str, detail: str = "", *remedy: str) -> Row:
    """It goes with the source and is put back."""
    return _row(Fate.RESTORED, code, subject, detail, remedy)


def changes(code: str, subject: str, detail: str = "", *remedy: str) -> Row:
    """It is another afterwards; `detail` says old → new, or how the new one is learned."""
    return _row(Fate.CHANGES, code, subject, detail, remedy)


def lost(code: str, subject: str, detail: str = "", *remedy: str) -> Row:
    """It is gone afterwards; `remedy` mends it."""
    return _row(Fate.LOST, code, subject, detail, remedy)


def blocks(code: str, subject: str, detail: str = "", *remedy: str) -> Row:
    """It forbids the move; where the code may be accepted, the way to do so is the last remedy."""
    known = CODES[code]
    assert known.blocks, code
    accept = (f"--accept {code}",) if known.acceptable else ()
    return _row(Fate.BLOCKS, code, subject, detail, (*remedy, *accept))


def noted(code: str, subject: str, detail: str = "", *remedy: str) -> Row:
    """It forbids nothing, and a person should know."""
    return _row(Fate.NOTED, code, subject, detail, remedy)


def _row(fate: Fate, code: str, subject: str, detail: str, remedy: tuple[str, ...]) -> Row:
    return Row(subject, fate, detail, CODES[code].name, remedy)


def counted(number: int, noun: str) -> str:
    """`1 lock`, `3 locks`, `2 data collection associations`, `2 identities`."""
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("ty") else f"{noun}s"
    return f"{number} {plural}"


def named(names: Iterable[str], most: int = _SHOWN) -> str:
    """`flux, monitor, policy … and 12 more`."""
    listed = list(names)
    rest = len(listed) - most
    shown = ", ".join(listed[: most if rest > 1 else None])
    return f"{shown} … and {rest} more" if rest > 1 else shown
