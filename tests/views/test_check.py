"""What `check` found, as a person reads it."""

from __future__ import annotations

import io

from arcctl.errors import FindingsError
from arcctl.model.examination import Examination, Section
from arcctl.model.finding import Finding, Verdict
from arcctl.model.overall import Inside, overall
from arcctl.model.resource_id import ClusterId
from arcctl.views import check

LONG = "arcctl update -n harbor -g edge --proxy-https http://proxy.example.com:3128 " + "x" * 60
BAD = FindingsError("no certificate", why=("asked for 12 min",), hints=(LONG,))


def screen(*findings: Finding) -> list[str]:
    """The lines for these findings."""
    out = io.StringIO()
    section = Section("identity", "identity and certificates", findings)
    seen = overall("Connecting", Inside.NO_IDENTITY)
    cluster = ClusterId("s-1", "edge", "harbor")
    check.write(Examination(cluster, "Connecting", seen, (section,)), out)
    return out.getvalue().splitlines()


def test_a_failure_has_its_code_its_evidence_and_its_command() -> None:
    """In that order; the command is never broken, so that it can be copied."""
    lines = screen(Finding("it is there", "AZK8S0309", Verdict.FAIL, BAD.message, BAD.hints, BAD))

    assert lines[1].startswith("  ✗ it is there")
    assert lines[1].endswith("[AZK8S0309]")
    assert lines[2:5] == ["      no certificate", "      asked for 12 min", f"      → {LONG}"]


def test_what_is_well_takes_a_line() -> None:
    """A short detail stands beside it, a long one beneath."""
    lines = screen(
        Finding("it is valid", "a", Verdict.PASS, "84 days more"),
        Finding("it is known", "b", Verdict.SKIP, "word " * 30),
    )

    assert lines[1].split("  ")[-1].strip() == "84 days more"
    assert lines[2] == "  – it is known"
    assert lines[3].startswith("      word word")
    assert max(map(len, lines)) <= 140


def test_one_reason_for_several_is_told_once() -> None:
    """Below the last of them; another reason is told again."""
    why, other = "sign-in refused: the secret that was given is not valid", "there is no resource"
    lines = screen(
        Finding("it is there", "a", Verdict.SKIP, why),
        Finding("it is known", "b", Verdict.SKIP, why),
        Finding("it is new", "c", Verdict.SKIP, other),
    )

    assert lines[1:4] == ["  – it is there", "  – it is known", f"      {why}"]
    assert lines[4].split("  ")[-1].strip() == other


def test_a_long_sentence_leaves_room_for_a_word() -> None:
    """Lines are 80 columns wide; only commands are never broken."""
    sentence = "Microsoft.KubernetesConfiguration is registered here"
    lines = screen(
        Finding(sentence, "a", Verdict.PASS, "Registered"),
        Finding("it is there", "b", Verdict.WARN, "word " * 40),
    )

    assert lines[1] == f"  ✓ {sentence}  Registered"
    assert max(map(len, lines[:-1])) <= 80


def test_the_last_line_says_what_is_wrong() -> None:
    """One sentence, and how many answers of each kind."""
    lines = screen(Finding("it is there", "a", Verdict.PASS), Finding("b", "b", Verdict.WARN, "w"))

    assert lines[-1] == (
        "harbor cannot get its identity: the cluster has no way out to Azure's identity service."
        " 1 passed, 1 note."
    )


def test_a_well_cluster_with_a_failure_is_not_called_well_alone() -> None:
    """The matrix sees less than the questions."""
    well = overall("Connected", Inside.READY)
    failed = Finding("b", "b", Verdict.FAIL, "no", (), BAD)
    found = Examination(
        ClusterId("s", "g", "n"), "Connected", well, (Section("x", "x", (failed,)),)
    )

    assert found.sentence == "n is connected and well, but 1 question found something wrong"


def test_news_are_what_has_changed() -> None:
    """With the time, and how things stand now; what is as it was is not told again."""
    cluster, out = ClusterId("s", "g", "n"), io.StringIO()
    same = Finding("same", "a", Verdict.PASS)
    was = Finding("it is there", "b", Verdict.PASS)
    now = Finding("it is there", "b", Verdict.FAIL, "gone", ("look",), BAD)
    well, cut_off = overall("Connected", Inside.READY), overall("Offline", Inside.READY)
    before = Examination(cluster, "Connected", well, (Section("x", "x", (same, was)),))
    after = Examination(cluster, "Offline", cut_off, (Section("x", "x", (same, now)),))

    check.write_news(after, before, "12:41:07", out)
    lines = out.getvalue().splitlines()

    assert lines[:2] == ["", "12:41:07"]
    assert lines[2].startswith("  ✗ it is there")
    assert "same" not in out.getvalue()
    assert lines[-1].startswith("n is cut off")
