"""How the end of a move is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from arcctl.model.report import Changed, Report
from arcctl.model.resource_id import ClusterId
from arcctl.settings import Flags, Settings
from arcctl.views import reports
from arcctl.views.console import Console

if TYPE_CHECKING:
    import pytest

HARBOR = ClusterId("s", "edge", "harbor")
OLD, NEW = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"


class AtTerminal(Console):
    """The console of a command that a person watches."""

    @property
    def output(self) -> str | None:
        """No format was asked for."""
        return None


def report(*, differences: tuple[str, ...] = (), left: tuple[str, ...] = ()) -> Report:
    """A report of a move in place."""
    return Report(
        run="move-1",
        source=HARBOR,
        target=HARBOR,
        from_region="eastus",
        to_region="westeurope",
        carried=tuple(f"extensions/e{number}" for number in range(30)),
        changed=(Changed("managed identity", OLD, NEW),),
        differences=differences,
        left=left,
        unmanaged=83.0,
    )


def test_a_clean_move_is_one_sentence() -> None:
    """Where it is, that nothing was lost, and for how long nobody managed it."""
    assert reports.sentence(report()) == (
        "Moved: harbor (edge) is in westeurope, and nothing was lost that a move can carry; without management for 83 s."
    )


def test_what_was_accepted_as_lost_is_not_passed_over() -> None:
    """A field that could not be carried keeps the sentence honest."""
    told = reports.sentence(replace(report(), lost=("extensions/e1: properties.newer",)))
    assert "and only what the plan named was lost; without" in told


def test_what_nobody_could_look_at_is_no_agreement(capsys: pytest.CaptureFixture[str]) -> None:
    """A row of its own, and a sentence that claims no more than is known."""
    shown = replace(report(), not_looked=("changes to harbor",))
    reports.moved(AtTerminal(Settings(environ={}, flags=Flags())), shown)
    out, err = capsys.readouterr()
    assert "nothing was lost" not in out + err
    assert "  not looked at  changes to harbor\n" in out
    told = reports.sentence(replace(report(), not_looked=("a",), lost=("b",)))
    assert "less what the plan named as lost, but not everything could be looked at; " in told


def test_what_is_left_is_counted() -> None:
    """Nobody reads "moved" and goes home."""
    told = reports.sentence(report(differences=("a", "b"), left=("c",)))
    assert told.startswith(
        "Moved, but not everything is as it was (2 differences found, 1 thing left to do): harbor (edge)"
    )


def test_what_was_let_go_is_called_so() -> None:
    """A child, in the word of `--waive-child`; the page names what the cluster keeps until it is closed."""
    found = replace(report(), let_go=("extensions/e1",))
    assert "(1 child let go)" in reports.sentence(found)
    assert "until you type: arcctl history move-1 --close" in reports.markdown(found)
    assert "--close" not in reports.markdown(report())


def test_the_page_holds_everything_whole() -> None:
    """Thirty children, whole identities, and what is left to do."""
    page = reports.markdown(report(left=("register the deploy key",)))
    assert page.count("- extensions/") == 30
    assert f"managed identity: {OLD} → {NEW}" in page
    assert "## Left to do" in page
    assert "## Different" not in page


def test_a_report_comes_back_as_it_was_written() -> None:
    """JSON there and back."""
    found = replace(report(differences=("a",), left=("b",)), restored=("c",), late=("d",))
    assert Report.from_document(found.to_document()) == found
