"""Messages that people know, and what they mean."""

from __future__ import annotations

import pytest
from arcctl.checks.health.sayings import obstacle_in, remedy_for


@pytest.mark.parametrize(
    ("message", "word"),
    [
        (
            "rendered manifests contain a resource that already exists and cannot be imported",
            "helm",
        ),
        ("unable to create new content in namespace x because it is being terminated", "wait"),
        ("admission webhook x does not support dry run", "sideEffects"),
        ("couldn't find remote ref", ""),
        ("", ""),
    ],
)
def test_a_known_message_has_its_remedy(message: str, word: str) -> None:
    """Any other has none, so that the usual advice is given."""
    assert (word in remedy_for(message)) if word else remedy_for(message) == ""


def test_the_newest_line_tells_the_obstacle() -> None:
    """What was in the way before may be mended."""
    log = "E1 lookup his: no such host\nE2 x509: certificate signed by unknown authority\nI3 retry"
    found = obstacle_in(log)

    assert found is not None
    assert "TLS" in found[0]
    assert found[2] == "E2 x509: certificate signed by unknown authority"


@pytest.mark.parametrize("log", ["", "I1 all is well"])
def test_a_log_without_a_known_line_tells_nothing(log: str) -> None:
    """No cause is made up."""
    assert obstacle_in(log) is None
