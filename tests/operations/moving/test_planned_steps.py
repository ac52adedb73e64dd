"""The steps of a move in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.flow.runner import names_of
from arcctl.operations.moving import sequence
from arcctl.operations.moving.planned_steps import belonging, planned
from arcctl.operations.moving.request import MoveRequest
from tests.checks.move.sights import extension, flux, resource
from tests.operations.moving.bundles import bundle

if TYPE_CHECKING:
    from arcctl.model.configuration.child import Child
    from arcctl.model.plan import PlannedStep

BARE = ["put back what hung on it", "compare"]


def made(*children: Child, **asked: Any) -> tuple[tuple[PlannedStep, ...], int]:
    """The steps and their seconds."""
    request = MoveRequest("harbor", "edge", "s-1", "westeurope", **asked)
    return planned(request, bundle(request, resource(), children))


def steps(*children: Child, **asked: Any) -> list[str]:
    """The titles, in order."""
    return [step.title for step in made(*children, **asked)[0]]


def test_in_place_the_source_goes_first() -> None:
    """The target can only be made where the source was."""
    assert steps() == [
        "save everything",
        "quiet the agents",
        "read everything again",
        "point of no return",
        "delete edge/harbor in eastus",
        "remove the agents",
        "create edge/harbor in westeurope",
        "install the agents",
        "wait until Azure receives heartbeats from the agents",
        *BARE,
    ]


def test_under_another_id_the_target_is_made_first() -> None:
    """Before the point of no return, and only there."""
    found = steps(target_name="depot")

    assert found.index("create edge/depot in westeurope") < found.index("point of no return")
    assert len([each for each in found if each.startswith("create")]) == 1


def test_children_have_steps_only_where_there_are_some() -> None:
    """Extensions and configurations are counted; those of other services are not."""
    system = extension("policy", state={"isSystemExtension": True})
    found = steps(extension(), extension("more"), system, flux())

    assert found[-4:] == ["put 2 extensions back", "put 1 Flux configuration back", *BARE]


def test_each_step_belongs_to_one_of_the_plan() -> None:
    """The time of a wait or a look is told there; nobody has read of `settle-children`."""
    request = MoveRequest("harbor", "edge", "s-1", "westeurope")
    saved = bundle(request, resource(), (extension(), flux()))
    found = belonging(request, saved)

    titles = {step.title for step in planned(request, saved)[0]} - {"point of no return"}
    assert set(found.values()) == titles
    assert {*found, "point-of-no-return"} == {*names_of(sequence.steps(request, saved))}
    assert found["settle-children"] == "put 1 Flux configuration back"
    assert found["agents-ready"] == "install the agents"


def test_one_step_is_the_point_of_no_return() -> None:
    """A view draws its line there."""
    marked = [step.title for step in made()[0] if step.no_return]

    assert marked == ["point of no return"]


def test_every_step_says_a_time_or_a_word() -> None:
    """A person reads how long each takes, or what it leaves alone."""
    assert all(step.note for step in made(extension(), flux())[0])


def test_many_children_take_little_longer() -> None:
    """They are sent and settle side by side, so three hundred cost half a minute more."""
    few = made(extension(), flux())[1]
    many = made(extension(), *(flux(f"f{n}") for n in range(299)))[1]

    assert few < many <= few + 30
