"""The time in which nobody looked at a source that Azure deleted: no report may claim anything of it.

A move looks at the source while Azure deletes it (`late_look`). Where Azure is faster than the first
look, arcctl was stopped before it, or somebody else has deleted the source, what was written after
the last look is gone. Neither may it claim anything of a list that could be read when the move was
planned, and could not be read then.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING

from arcctl.model import times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arcctl.flow.journal import Entry, Journal
    from arcctl.operations.moving.worlds import Moving

_UNREAD = "unread-while-deleting"
_SEEN, _UNSEEN = "seen-while-deleting", "deleted-unseen"
_SECOND_LOOK, _DELETION = "look-again", "delete-source"


async def was_seen(world: Moving, began: str) -> None:
    """Remember that the source was looked at while Azure deleted it, and when that began."""
    await world.run.journal.fact(_SEEN, began)


async def look_is_missing(world: Moving) -> None:
    """Remember, and warn, where the source is gone and nobody has looked at it meanwhile; once.

    A process that has died while Azure deleted has stopped looking, so nobody has looked since.
    """
    journal = world.run.journal
    if journal.fact_since_the_turn(_UNSEEN) or journal.has_done(_DELETION):
        return
    seen = _seen(journal)
    if not _was_there(world) or (seen and not _taken_up_since(journal, seen)):
        return
    since = _began(seen) if seen else _last_look(journal)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row = {"cluster": world.bundle.source.name, "from": since, "to": now}
    await journal.fact(_UNSEEN, [*journal.fact_of(_UNSEEN, ()), row])
    world.warn(f"not looked at: {_sentence(row)}")


async def lists_are_missing(world: Moving, why: Mapping[str, str]) -> None:
    """Remember what a look while Azure deletes has not shown, and why, by what it is."""
    known = world.run.journal.fact_of(_UNREAD, {})
    found = {name: [world.bundle.source.name, said] for name, said in why.items()}
    if new := {name: each for name, each in found.items() if name not in known}:
        await world.run.journal.fact(_UNREAD, {**known, **new})


def rows(world: Moving) -> tuple[str, ...]:
    """Return a sentence for each of them, of both directions: a way back brings none of it back."""
    lists = world.run.journal.fact_of(_UNREAD, {})
    return (
        *map(_sentence, world.run.journal.fact_of(_UNSEEN, ())),
        *(
            f"{name}, while Azure deleted {cluster}: {why}"
            for name, (cluster, why) in lists.items()
        ),
    )


def last_look(world: Moving) -> str:
    """Say until when the source was looked at, "" where it was not while Azure deleted it."""
    journal = world.run.journal
    seen = _seen(journal)
    ends = [each for each in journal.entries if (each.kind, each.step) == ("done", _DELETION)]
    if seen is None or not ends or ends[-1].at < seen.at:
        return ""
    return (
        f"{world.bundle.source.name} was looked at last at {_spoken(_began(seen))}, and was gone at "
        f"{_spoken(ends[-1].at)}: what others wrote to it in between was not seen"
    )


def _seen(journal: Journal) -> Entry | None:
    """Return the entry of the last look while Azure deleted, in this direction."""
    facts = (each for each in reversed(journal.since_the_turn()) if each.kind == "fact")
    return next((each for each in facts if each.step == _SEEN), None)


def _began(seen: Entry) -> str:
    """Return when a look began; an earlier arcctl wrote down only that there was one."""
    return seen.detail if isinstance(seen.detail, str) else seen.at


def _taken_up_since(journal: Journal, seen: Entry) -> bool:
    since = takewhile(lambda each: each != seen, reversed(journal.since_the_turn()))
    return any(each.kind == "opened" for each in since)


def _was_there(world: Moving) -> bool:
    """Tell whether there was a source; the target of a move that is turned may never have been."""
    journal = world.run.journal
    return journal.has_begun(_DELETION) or (journal.no_return and not world.turned)


def _last_look(journal: Journal) -> str:
    """Return when the last look began; on the way back that is when the deletion did."""
    entries: Sequence[Entry] = journal.entries
    looks = [each for each in entries if each.kind == "begun" and each.step == _SECOND_LOOK]
    turns = [at for at, each in enumerate(entries) if each.kind == "turned"]
    if turns:
        since = entries[turns[-1] :]
        looks = [each for each in since if each.kind == "begun" and each.step == _DELETION][:1]
    return looks[-1].at if looks else entries[0].at


def _sentence(row: dict[str, str]) -> str:
    began, ended = (_spoken(row[each]) for each in ("from", "to"))
    return (
        f"changes to {row['cluster']} between {began} and {ended}: it was gone before all of it could "
        "be read again, so what others wrote to it then is not known, and is not carried"
    )


def _spoken(moment: str) -> str:
    found = times.read(moment)
    return f"{found.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if found else moment
