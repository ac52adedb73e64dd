"""Rules that hold for any set of children: odd names, unknown fields, odd casing."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import pytest
from arcctl.model.configuration import manifest
from arcctl.model.configuration.child import Child
from arcctl.model.configuration.comparing import Comparison, compare
from arcctl.model.configuration.secrets import filled, needs
from arcctl.model.secret import Secret
from tests.model.configuration.bodies import read, respelled, world

if TYPE_CHECKING:
    from collections.abc import Sequence

SEEDS = range(40)


def children(seed: int) -> Sequence[Child]:
    """A world's children."""
    return [read(resource) for resource in world(Random(seed))]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_world_that_was_moved_compares_as_equal(seed: int) -> None:
    """Whatever the service respells, and whatever is new in every resource."""
    chance = Random(seed)
    resources = world(chance)
    moved = [respelled(chance, resource) for resource in resources]
    chance.shuffle(moved)

    found = compare([*map(read, resources)], [*map(read, moved)])

    assert found.equal, found


@pytest.mark.parametrize("seed", SEEDS)
def test_what_would_be_sent_is_read_back_as_the_same(seed: int) -> None:
    """A body is complete: read as an answer, it gives the same body and leaves nothing out."""
    for child in children(seed):
        again = Child.read(child.kind, {"name": child.name, **child.body}, child.version)
        assert (again.body, again.not_carried) == (child.body, ())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_manifest_holds_all_that_can_be_written(seed: int) -> None:
    """Through JSON and back: equal, the same needs, the same that is not carried."""
    before = children(seed)
    entries = [manifest.entry(child) for child in before]
    document = {**manifest.head("/subscriptions/s", "eastus"), "children": entries}

    after = manifest.read(json.loads(json.dumps(document)), "here").children

    assert compare(before, after).equal
    assert [child.body for child in after] == [child.body for child in before]
    assert [needs(child) for child in after] == [needs(child) for child in before]
    assert [child.not_carried for child in after] == [child.not_carried for child in before]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_value_is_only_in_the_body_that_is_sent(seed: int) -> None:
    """And there every one that was supplied."""
    for child in children(seed):
        names = [need.name for need in needs(child)]
        body = filled(child, {name: Secret(f"value of {name}") for name in names})

        assert body.get("properties", {}).get("configurationProtectedSettings", {}).keys() == {
            *names
        }
        assert "value of" not in json.dumps(child.to_document())


def test_an_empty_world_is_equal_to_an_empty_world() -> None:
    """Nothing is no difference."""
    assert compare([], []) == Comparison()
