"""The one list of a move's steps, from which all others derive."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING, Any

import arcctl.operations.moving
import arcctl.operations.steps
import pytest
from arcctl.flow.runner import each_of, names_of
from arcctl.flow.step import Step
from arcctl.operations.moving.request import MoveRequest
from arcctl.operations.moving.sequence import parted, steps
from tests.checks.move.sights import extension, flux, resource
from tests.operations.moving.bundles import bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.flow.step import Move

GATEWAY = "/subscriptions/s-1/resourceGroups/edge/providers/Microsoft.HybridCompute/gateways/way"
# Beside what they change, there is nothing that they would have to put back.
ONLY_ADD = {"ensure-group"}
# They change nothing at all.
ONLY_LOOK = {"tools-work", "look-again"}


def moves(**asked: Any) -> list[Move[Any]]:
    """The list of a move with a child of each kind."""
    request = MoveRequest("harbor", "edge", "s-1", "westeurope", **asked)
    return list(steps(request, bundle(request, resource(), [extension(), flux()])))


def forms() -> Iterator[dict[str, Any]]:
    """Moves of all forms: in place or to another id, with a gateway or without."""
    for target, gateway in product(("", "depot"), (None, GATEWAY)):
        yield {"target_name": target, "gateway": gateway}


def test_every_move_knows_the_same_steps() -> None:
    """So a run can be guarded by the list of any of them, forward or reversed."""
    assert len({tuple(sorted(names_of(moves(**form)))) for form in forms()}) == 1


@pytest.mark.parametrize(
    "name", ["restart-identity", "link-gateway", "quiet-target", "until-agent-state"]
)
def test_no_step_is_missing_in_what_a_journal_begins_with(name: str) -> None:
    """These four were in the list and not in the header."""
    assert name in names_of(moves())


def test_what_comes_before_the_point_of_no_return_can_be_undone() -> None:
    """Whoever adds a step there must say how it is undone."""
    before, after = parted(moves(target_name="depot"))

    assert after
    for step in each_of(before):
        assert type(step).undo is not Step.undo or step.name in ONLY_ADD | ONLY_LOOK


def classes(base: type[Any] = Step) -> Iterator[type[Any]]:
    """All classes of steps that arcctl has."""
    for package in (arcctl.operations.steps, arcctl.operations.moving):
        for each in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(each.name)
    for each in base.__subclasses__():
        yield each
        yield from classes(each)


def test_no_two_steps_share_a_name() -> None:
    """A journal knows a step by its name; only a form of the same step may share it."""
    named: defaultdict[str, set[type[Any]]] = defaultdict(set)
    for each in classes():
        if each.__module__.startswith("arcctl.") and "name" in vars(each):
            named[each.name].add(each)

    assert not {name: found for name, found in named.items() if len(found) > 1}
