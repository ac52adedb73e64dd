"""Plans in files: whole, private, and refused where they do not fit."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import ExitCode, FindingsError, UsageError
from arcctl.model.plan import digest
from arcctl.operations.moving import stored_plans
from arcctl.operations.moving.request import MoveRequest
from tests.model.plans import DEPOT, HARBOR, plan

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a plan is kept."""
    return tmp_path / "plan.json"


def test_a_plan_comes_back_as_it_was(place: Path) -> None:
    """For the cluster it was made for."""
    stored_plans.store(plan(), str(place))

    assert stored_plans.read(str(place), HARBOR) == plan()


def test_only_its_owner_may_read_it(place: Path) -> None:
    """Also where a file that others could read was there before."""
    place.write_text("old", encoding="utf-8")
    place.chmod(0o644)
    stored_plans.store(plan(), str(place))

    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert [each.name for each in place.parent.iterdir()] == ["plan.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Before anything else is done with the plan."""
    with pytest.raises(UsageError) as refused:
        stored_plans.store(plan(), str(tmp_path / "nowhere" / "plan.json"))

    assert refused.value.code == "plan-file"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "plan-file"),
        (b"\xff\xfe", "plan-file"),
        (b"", "plan-damaged"),
        (json.dumps(plan().to_document()).encode()[:-40], "plan-damaged"),
        (b'{"format": "arcctl.plan/7"}', "plan-newer"),
    ],
    ids=["missing", "not text", "empty", "half-written", "newer"],
)
def test_what_is_no_plan_is_refused(place: Path, content: bytes | None, code: str) -> None:
    """Each with its own code."""
    if content is not None:
        place.write_bytes(content)

    with pytest.raises(UsageError) as refused:
        stored_plans.read(str(place))

    assert refused.value.code == code


def test_a_plan_for_another_cluster_is_refused(place: Path) -> None:
    """The command for the right one is named."""
    stored_plans.store(plan(), str(place))

    with pytest.raises(UsageError) as refused:
        stored_plans.read(str(place), DEPOT)

    assert refused.value.code == "plan-other"
    assert "-n harbor -g edge" in refused.value.hints[0]


def test_a_world_that_moved_refuses_its_plan() -> None:
    """What differs is listed, a dozen at most, and the exit code is that of findings."""
    asked = MoveRequest("harbor", "edge", "s-1", "westeurope", new_key=True)
    stored = plan(options=asked.to_document())
    now = plan(observed={f"extensions/e{n}": digest(n) for n in range(30)})

    with pytest.raises(FindingsError) as refused:
        stored_plans.require_unmoved(stored, now)

    assert refused.value.exit_code == ExitCode.FINDINGS
    assert refused.value.why[0] == "extensions/e0: new"
    assert "… and 20 more" in refused.value.why
    assert "westeurope --new-key --dry-run --plan-out FILE" in refused.value.hints[0]


def test_a_world_that_stood_still_does_not() -> None:
    """When it was planned does not matter."""
    later = plan(made_at="2027-01-01T00:00:00+00:00")

    assert stored_plans.require_unmoved(plan(), later) is None
