"""How a run that does not reach its end says so: what went wrong, where it stands, what to type."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from arcctl.clients.helm.trouble import AGAIN
from arcctl.errors import ArcctlError, Interrupted, StoppedPartWay
from arcctl.model import machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.operations.runs import Run

_PARTING_SECONDS = 10
_GIVEN = "--protected-settings"
# Another process has the run: to resume it from here would only take it back from that one.
_ELSEWHERE = ("lease-lost", "run-taken-over")
# An option alone, which `resume` has too.
_OPTION = re.compile(r"(^|: )(--(?:helm|kube-config|kube-context) )")
# Whose cluster this is was in doubt: the same command, or its opposite, would be refused again.
_ANOTHER = ("AZK8S0406", "cluster-unproved")


@asynccontextmanager
async def explained(run: Run, *, sweep: bool) -> AsyncIterator[None]:
    """Turn what ends the block early into StoppedPartWay or Interrupted that names `resume`.

    Not where the run was closed before, and not where nothing was changed: then, with `sweep`,
    the run is closed as such and leaves nothing behind.
    """
    try:
        yield
    except BaseException as error:
        if run.ending is None and sweep and not run.journal.changed:
            await _close(run)
        if run.ending:
            stopped = _cleaning(run, error)
        else:
            stopped = _stopped(run, error) if run.journal.changed else None
        if stopped is None:
            raise
        raise stopped from error


async def _close(run: Run) -> None:
    """Leave nothing behind; where that cannot be done now, the next run does it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PARTING_SECONDS):
            with suppress(ArcctlError):
                await run.journal.ended("nothing changed", clean=True)
            with suppress(ArcctlError):
                await run.clear()


def _cleaning(run: Run, error: BaseException) -> ArcctlError | None:
    """Whoever stops a run that only cleans up has lost nothing, and is told how it goes on."""
    if not isinstance(error, asyncio.CancelledError | KeyboardInterrupt):
        return None
    why = "it had reached its end, and was taking away what it has kept in the cluster"
    return Interrupted("stopped", why=why, hints=f"arcctl resume {run.id}")


def _stopped(run: Run, error: BaseException) -> ArcctlError | None:
    hints = _hints(run)
    if isinstance(error, asyncio.CancelledError | KeyboardInterrupt):
        return Interrupted(
            f"you have stopped the run, and {run.id} is half done", why=_standing(run), hints=hints
        )
    if isinstance(error, StoppedPartWay) and error.code in _ELSEWHERE:
        error.hints = (f"how far it is: arcctl history {run.id}",)
        return None
    if isinstance(error, StoppedPartWay):
        error.hints = _once((*_with_secrets(run, error.hints), *hints))
        return None
    if isinstance(error, ArcctlError):
        # A step may know better how to resume: with which secrets, from which machine.
        own = _with_secrets(run, _of_run(run, error.hints))
        if error.code in _ANOTHER:
            # A person's word for this very run comes before another cluster.
            hints, own = (), tuple(sorted(own, key=lambda each: run.id not in each))
        better = any(each.startswith(f"arcctl resume {run.id}") for each in own)
        advice = (*own, *hints[1:]) if better else (*hints, *own)
        why = (*error.why, _standing(run))
        return StoppedPartWay(error.message, code=error.code, why=why, hints=_once(advice))
    if isinstance(error, OSError):
        found = machine.explained(error, why=(_standing(run),))
        advice = (*hints, *found.hints)
        return StoppedPartWay(found.message, code=found.code, why=found.why, hints=advice)
    what = type(error).__name__
    return StoppedPartWay(
        f"arcctl met something it did not expect: {what}",
        code="AZK8S0001",
        why=_standing(run),
        hints=(*hints, "with --debug, and report what it prints, if it happens again"),
    )


def _standing(run: Run) -> str:
    done = [each.step for each in run.journal.entries if each.kind == "done"]
    last = f"the last step that was done is {done[-1]}" if done else "no step has been done yet"
    beyond = "the point of no return lies behind" if run.journal.no_return else ""
    return "; ".join(filter(None, (last, beyond)))


def _hints(run: Run) -> tuple[str, ...]:
    on, back = f"arcctl resume {run.id}", f"arcctl rollback {run.id}"
    return _with_secrets(run, (on, f"the way back: {back}" if run.journal.no_return else back))


def _once(hints: tuple[str, ...]) -> tuple[str, ...]:
    """Return each command once, as it was said first."""
    kept: dict[str, str] = {}
    for each in hints:
        kept.setdefault(each.rpartition(": ")[2], each)
    return tuple(kept.values())


def _of_run(run: Run, hints: tuple[str, ...]) -> tuple[str, ...]:
    """Let what a tool advises lead to `resume`: the command that began the run would be refused."""
    on = f"arcctl resume {run.id} "
    kept = (each for each in hints if each != AGAIN)
    return tuple(_OPTION.sub(lambda found: found[1] + on + found[2], each) for each in kept)


def _with_secrets(run: Run, hints: tuple[str, ...]) -> tuple[str, ...]:
    """Return commands that take the run up with the file that they would ask for."""
    for verb, wants in (
        ("resume", run.wants_secrets and not run.journal.has_done("children-well")),
        ("rollback", run.wants_secrets and run.journal.no_return),
    ):
        command = f"arcctl {verb} {run.id}"
        if wants:
            hints = tuple(
                each if _GIVEN in each else each.replace(command, f"{command} {_GIVEN} FILE")
                for each in hints
            )
    return hints
