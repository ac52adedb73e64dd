"""A secret never prints itself."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from arcctl.model.secret import Secret

MARKED = Secret("marked-secret")


@pytest.mark.parametrize("shown", [repr(MARKED), str(MARKED), f"{MARKED}", repr([MARKED])])
def test_it_shows_nothing(shown: str) -> None:
    """Whichever way it is written."""
    assert "marked" not in shown


def test_it_can_be_revealed_and_compared() -> None:
    """By the one place that sends it; an empty one is false."""
    assert MARKED.reveal() == "marked-secret"
    assert Secret("marked-secret") == MARKED
    assert Secret("other") != MARKED
    assert MARKED != "marked-secret"
    assert len({MARKED, Secret("marked-secret")}) == 1
    assert not Secret("")


def test_it_cannot_be_stored() -> None:
    """Not by pickle, not by a deep copy, not as JSON."""
    with pytest.raises(TypeError):
        pickle.dumps(MARKED)
    with pytest.raises(TypeError):
        copy.deepcopy(MARKED)
    with pytest.raises(TypeError):
        json.dumps({"key": MARKED})


def test_it_has_no_attributes_to_look_into() -> None:
    """Neither `vars` nor a debugger's default view finds a dictionary."""
    assert not hasattr(MARKED, "__dict__")
