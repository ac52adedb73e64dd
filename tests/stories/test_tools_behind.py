"""A tool that vanishes behind the point of no return: the error says what finishes the move."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.stories import beside, moved, moving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage

STANDING = "the last step that was done is fetch-chart; the point of no return lies behind"


@pytest.fixture
def own_helm(quick: Stage) -> Path:
    """Harbor with its children in eastus, the file that a move of it needs, and a helm of its own."""
    quick.after(moving.connected)
    moving.secrets_file(quick)
    helm = quick.folder / "helm"
    shutil.copy(quick.helm, helm)
    quick.extra["ARCCTL_HELM"] = str(helm)
    return helm


def test_a_helm_that_is_gone(quick: Stage, own_helm: Path) -> None:
    """What is done, what is missing, and `resume`, with another helm where that is meant."""
    ended = beside.type_beside(
        quick, moved.MOVE, "install-agents", own_helm.unlink, events=("started",)
    )

    run = moved.stopped(ended, "AZK8S0510", said=STANDING)
    assert "helm cannot be run" in ended.err
    assert (
        f"name another helm: arcctl resume {run} --protected-settings FILE --helm FILE" in ended.err
    )
    assert "arcctl move" not in ended.err
    quick.well(f"resume {run} {moved.GIVEN} --helm {quick.helm}")


def test_a_chart_whose_folder_was_swept_away(quick: Stage, own_helm: Path) -> None:
    """It is fetched once more; nobody has to know."""

    def act() -> None:
        for each in (quick.folder / "scratch").iterdir():
            shutil.rmtree(each)

    ended = beside.type_beside(quick, moved.MOVE, "install-agents", act, events=("started",))

    assert ended.code == 0, ended.err


def test_a_chart_that_goes_while_helm_reads_it(quick: Stage, own_helm: Path) -> None:
    """The error speaks of no proxy, and resume fetches it."""
    own_helm.unlink()
    own_helm.write_text(
        "#!/bin/sh\n"
        f'case " $* " in *" upgrade "*) rm -rf {quick.folder}/scratch/*/charts-*;; esac\n'
        f'exec "{quick.helm}" "$@"\n'
    )
    own_helm.chmod(0o755)

    ended = quick.type(moved.MOVE)

    run = moved.stopped(ended, "AZK8S0502", said=STANDING)
    assert "the chart is not there any more" in ended.err
    assert ("proxy" in ended.err, "same command" in ended.err) == (False, False), ended.err
    quick.well(f"resume {run} {moved.GIVEN} --helm {quick.helm}")
