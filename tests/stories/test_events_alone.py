"""With `--progress json` a program reads stderr: each line of it is JSON, to the very end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

CONNECT = "connect -n harbor -g edge -l westeurope --skip-prechecks --progress json"


def events(ended: Ended) -> list[dict[str, Any]]:
    """Read every line of stderr."""
    return [json.loads(line) for line in ended.err.splitlines()]


@pytest.mark.parametrize("more", ["", "--verbose", "--debug"])
def test_the_closing_sentence_is_an_event(quick: Stage, more: str) -> None:
    """And so is the log, where it was asked for."""
    told = events(quick.well(f"{CONNECT} {more}"))

    assert told[-1]["event"] == "said"
    assert told[-1]["text"].startswith("Connected: harbor (edge, westeurope)")


@pytest.mark.parametrize("more", ["", "--debug"])
def test_an_error_is_an_event(quick: Stage, more: str) -> None:
    """With its code, the exit code, the reasons and the next commands."""
    quick.after(CONNECT)
    refused = quick.type(f"{CONNECT.replace('westeurope', 'eastus')} {more}")
    mistyped = quick.type(f"show -n harbor -g edge --nonsense --progress=json {more}")

    error = events(refused)[-1]
    assert (error["event"], error["code"], error["exit"]) == ("error", "location-is-fixed", 1)
    assert error["message"] == "harbor is in westeurope, not in eastus"
    assert error["why"]
    assert any(each.startswith("arcctl move ") for each in error["hints"])
    assert (mistyped.code, events(mistyped)[-1]["code"]) == (2, "usage")
