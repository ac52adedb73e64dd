"""The protected settings of a run that is taken up: no journal holds them, so they come anew."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.errors import UsageError
from arcctl.model.secret import Secret
from arcctl.operations.secrets.files import Given, read_secrets
from arcctl.operations.secrets.in_cluster import value_of
from arcctl.operations.secrets.values import resolve
from arcctl.operations.steps import holding

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.model.configuration.secrets import Supplied
    from arcctl.operations.runs import Run
    from arcctl.operations.world import World

REFERENCES = "references"
"""The run's document that says where in the cluster values lie (`Resolved.references`)"""


async def supplied_again(
    run: Run,
    world: World,
    children: Sequence[Child],
    waived: Collection[str],
    verb: str = "resume",
) -> Supplied:
    """Gather them from the file that `resume` was given, the run's own Secret, and Flux's Secrets.

    Raise UsageError `secret-missing` where one is nowhere, before anything is changed; `verb` is
    the command that would be given them.
    """
    given: list[Given] = []
    if run.secrets_file:
        settings = world.clients.settings
        stdin = settings.streams.stdin
        given += read_secrets(run.secrets_file, settings.environ, world.note, stdin)
    given += await _kept(run, world)
    given += await _referenced(run, world)
    found = resolve(children, given, waived)
    try:
        found.require()
    except UsageError as error:
        error.why = (*error.why, "no journal holds secrets, so they must be given again")
        error.hints = (f"arcctl {verb} {run.id} --protected-settings FILE",)
        raise
    return found.values


def must_be_given(run: Run, children: Sequence[Child], waived: Collection[str]) -> bool:
    """Tell whether whoever takes the run up must give secrets: neither it nor the cluster has them."""
    if run.request.get("keep_secrets_in_cluster"):
        return False
    known = [
        Given(child, name, Secret(""), "cluster")
        for child, names in run.documents.get(REFERENCES, {}).items()
        for name in names
    ]
    return bool(resolve(children, known, waived).missing)


async def _kept(run: Run, world: World) -> list[Given]:
    kept = await holding.kept(await world.clients.kubernetes(), run.id)
    return [
        Given(child, name, value, "cluster")
        for child, values in kept.items()
        for name, value in values.items()
    ]


async def _referenced(run: Run, world: World) -> list[Given]:
    kubernetes = await world.clients.kubernetes()
    places = [
        (child, name, reference)
        for child, names in run.documents.get(REFERENCES, {}).items()
        for name, reference in names.items()
    ]
    values = await asyncio.gather(*(value_of(kubernetes, each) for _, _, each in places))
    return [
        Given(child, name, value, "cluster", reference)
        for (child, name, reference), value in zip(places, values, strict=True)
        if value
    ]
