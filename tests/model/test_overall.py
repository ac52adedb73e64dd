"""What is wrong, from the status in Azure and the state of the cluster (`arc.md` B3)."""

from __future__ import annotations

import json

import pytest
from arcctl.model.overall import ABSENT, HELD, UNSEEN, Inside, overall
from tests.architecture.source import ROOT

STATUSES = ("Connected", "Connecting", "AgentNotInstalled", "Offline", "Expired", ABSENT, UNSEEN)
PAGE = (ROOT / "docs/reference/checks.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "docs/reference/check.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("status", "inside", "word"),
    [
        ("Connected", Inside.READY, "healthy"),
        ("Connected", Inside.FOREIGN, "wrong-cluster"),
        ("Connected", Inside.UNREADY, "agents-unwell"),
        ("Connected", Inside.NO_IDENTITY, "no-identity"),
        ("Connected", Inside.NONE, "agents-elsewhere"),
        ("Connected", Inside.UNSEEN, "cluster-unseen"),
        ("Connecting", Inside.NONE, "never-installed"),
        ("Connecting", Inside.NO_IDENTITY, "no-identity"),
        ("Connecting", Inside.READY, "unheard"),
        ("AgentNotInstalled", Inside.NONE, "never-installed"),
        ("Offline", Inside.READY, "egress-lost"),
        ("Offline", Inside.UNREADY, "agents-down"),
        ("Offline", Inside.NONE, "agents-removed"),
        ("Expired", Inside.READY, "expired"),
        ("Expired", Inside.NONE, "expired"),
        (ABSENT, Inside.READY, "stale-agents"),
        (ABSENT, Inside.NONE, "not-connected"),
        (ABSENT, Inside.FOREIGN, "wrong-cluster"),
        (ABSENT, Inside.UNSEEN, "absent"),
        (UNSEEN, Inside.READY, "azure-unseen"),
        (UNSEEN, Inside.NONE, "azure-unseen"),
        (UNSEEN, Inside.UNSEEN, "unseen"),
        ("Dreaming", Inside.READY, "status-unknown"),
    ],
)
def test_status_and_cluster_decide_together(status: str, inside: Inside, word: str) -> None:
    """Neither side alone could tell."""
    assert overall(status, inside).word == word


def test_only_a_connected_cluster_with_ready_agents_is_well() -> None:
    """Every other pair says that something is wrong, or not known."""
    well = [
        (status, inside) for status in STATUSES for inside in Inside if overall(status, inside).well
    ]

    assert well == [("Connected", Inside.READY)]


def test_an_unknown_status_is_said_as_it_is() -> None:
    """A service may learn new words before arcctl does."""
    assert "Dreaming" in overall("Dreaming", Inside.UNREADY).sentence


def test_page_and_schema_know_every_word() -> None:
    """No pair has a word that a script could not look up."""
    words = {overall(s, i).word for s in (*STATUSES, "Dreaming") for i in Inside} | {*HELD}
    known = SCHEMA["properties"]["diagnosis"]["properties"]["word"]["enum"]

    assert words == set(known)
    assert [word for word in sorted(words) if f"`{word}`" not in PAGE] == []
