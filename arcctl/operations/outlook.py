"""What `resume` and `rollback` would do with a run, and what they would ask; nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.errors import UsageError
from arcctl.flow.no_return import PointOfNoReturn
from arcctl.model.resource_id import ClusterId
from arcctl.operations import config_apply
from arcctl.operations.keeping import lookup
from arcctl.operations.moving import planned_steps
from arcctl.operations.moving.sequence import restored
from arcctl.operations.moving.worlds import BACK, exchanged, moving_of
from arcctl.operations.resume import RESUMABLE, handler, nothing_open
from arcctl.operations.runs import looked_at
from arcctl.operations.secrets.again import supplied_again
from arcctl.operations.steps import source
from arcctl.operations.steps.quiet import Quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arcctl.clients import Clients
    from arcctl.flow.events import Observer
    from arcctl.model.configuration.child import Child
    from arcctl.operations.moving.worlds import Moving
    from arcctl.operations.resume import OpenWorld, Wanted
    from arcctl.operations.runs import Run
    from arcctl.operations.world import World


@dataclass(frozen=True, slots=True)
class Outlook:
    """`way` is what the command would do as a whole, `steps` what comes next, in words and in order;
    `asks` what a person must give or say; `no_return` whether the point of no return lies behind.
    """

    run: str
    verb: str
    way: str
    no_return: bool
    steps: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "run": self.run,
            "verb": self.verb,
            "way": self.way,
            "noReturn": self.no_return,
            "next": list(self.steps),
            "asks": list(self.asks),
        }


async def of_resume(
    wanted: Wanted, clients: Clients, observer: Observer, open_world: OpenWorld
) -> Outlook:
    """Look ahead of `resume`; raise as it does where no run, or an unknown one, is meant."""
    run = await _meant(wanted, clients, observer)
    if ended := _ended(run):
        return ended
    with open_world(ClusterId.parse(run.header.cluster)) as world:
        if run.verb == config_apply.VERB:
            return await _apply(run, world)
        moving = moving_of(run, world, {})
        back = "moves on, back to where it came from" if moving.turned else "moves on"
        steps = await _of_the_way_back(moving) if moving.turned else _steps(moving)
        return _outlook(run, back, steps, await _secrets(run, world, moving))


async def of_rollback(
    wanted: Wanted, clients: Clients, observer: Observer, open_world: OpenWorld
) -> Outlook:
    """Look ahead of `rollback`, in the same way."""
    run = await _meant(wanted, clients, observer)
    if ended := _ended(run):
        return ended
    with open_world(ClusterId.parse(run.header.cluster)) as world:
        if run.verb == config_apply.VERB:
            applied = config_apply.applied(run)
            stay = (f"{', '.join(applied)} stay as applied",) if applied else ()
            return _outlook(run, "closes the run", stay)
        return await _way_back(run, world)


async def _way_back(run: Run, world: World) -> Outlook:
    moving = moving_of(run, world, {})
    words = planned_steps.in_words(moving.request, moving.bundle)
    if not run.journal.no_return:
        begun = [name for name in reversed(words) if run.journal.has_begun(name)]
        begun.sort(key=lambda name: name != Quiet.name)  # as `sequence.take_back` has it
        return _outlook(run, "undoes what was done", [f"undo: {words[name]}" for name in begun])
    if moving.turned:
        asks = await _secrets(run, world, moving)
        steps = await _of_the_way_back(moving)
        return _outlook(run, "moves on, back to where it came from", steps, asks)
    if await source.DeleteSource().observe(moving) is None:
        return _outlook(run, "scales the agents back: the source is whole", ())
    turned = moving_of(run, world, {}, await exchanged(moving))
    steps = await _of_the_way_back(turned)
    question = f"a yes: {turned.cluster.name} is made again in {turned.request.region}"
    asks = await _secrets(run, world, turned)
    return _outlook(run, "moves back to where it came from", steps, (question, *asks))


async def _apply(run: Run, world: World) -> Outlook:
    wanted = config_apply.wanted_of(run)
    kept = [child for child in wanted if child.key not in run.waived]
    asks = await _missing(run, world, kept, config_apply.waived_secrets(run))
    secrets, plain = config_apply.to_be_sent(run), "if it is not as it should be"
    when = dict.fromkeys(secrets, "with the secrets that were given")
    steps = [f"send {child.key}, {when.get(child.key, plain)}" for child in kept]
    return _outlook(run, "applies what is left", steps, asks)


async def _meant(wanted: Wanted, clients: Clients, observer: Observer) -> Run:
    kubernetes = await clients.kubernetes()
    found = await lookup.known(clients.settings, kubernetes)
    name = lookup.choose(found, wanted.run)
    if name is None:
        raise nothing_open(await lookup.of_other_clusters(found, kubernetes))
    run = await looked_at(clients, name, observer)
    handler(RESUMABLE, run.verb)
    run.secrets_file = wanted.secrets_file
    return run


def _ended(run: Run) -> Outlook | None:
    if run.ending is None:
        return None
    outcome = str(run.ending.detail.get("outcome"))
    way = f"nothing: it has ended ({outcome})"
    if run.ending.detail.get("clean"):
        way += "; what it has kept in the cluster is removed"
    return _outlook(run, way, ())


def _outlook(run: Run, way: str, steps: Sequence[str], asks: Sequence[str] = ()) -> Outlook:
    return Outlook(run.id, run.verb, way, run.journal.no_return, tuple(steps), tuple(asks))


def _steps(moving: Moving) -> list[str]:
    words = planned_steps.in_words(moving.request, moving.bundle)
    return [words[name] for name in _names(moving, words)]


def _names(moving: Moving, words: Iterable[str]) -> list[str]:
    """Return the steps that are still to come; what was passed is not passed once more."""
    journal = moving.run.journal
    passed = {PointOfNoReturn.name} if journal.no_return else set()
    return [name for name in words if name not in passed and not journal.has_done(name)]


async def _of_the_way_back(turned: Moving) -> list[str]:
    """Return its steps: those behind the point of no return, and none for what was never made."""
    words = planned_steps.in_words(turned.request, turned.bundle)
    behind = list(words)[list(words).index(PointOfNoReturn.name) :]
    made = await (await turned.clients.arm()).find(turned.bundle.source.path)
    gone = set() if made else {source.DeleteSource.name}
    if not made and await turned.sight.release() is None:
        gone.add(source.RemoveAgents.name)
    before = turned.run.documents.get(BACK)
    # Of a run that has not turned yet, what was done was done in the other direction.
    left = _names(turned, behind) if before else [e for e in behind if e != PointOfNoReturn.name]
    return [words[name] for name in left if name not in gone]


async def _secrets(run: Run, world: World, moving: Moving) -> tuple[str, ...]:
    turns = moving.turned and BACK not in run.documents
    if run.journal.has_done("children-well") and not turns:
        return ()
    children = [
        restored(moving.request, moving.bundle, child)
        for child in moving.bundle.children
        if child.key not in run.waived
    ]
    return await _missing(run, world, children, moving.request.waive)


async def _missing(
    run: Run, world: World, children: Sequence[Child], waived: Any
) -> tuple[str, ...]:
    """Name the secrets that must be given again."""
    try:
        await supplied_again(run, world, children, waived)
    except UsageError as error:
        if error.code != "secret-missing":
            raise
        # Beside `CHILD/KEY` the reasons have whole sentences, which are no names of secrets.
        missing = (each for each in error.why if " " not in each)
        return tuple(f"--protected-settings FILE with {each}" for each in missing)
    return ()
