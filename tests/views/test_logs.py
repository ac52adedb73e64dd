"""`--verbose` and `--debug` show the log on stderr, without secrets (design rule 9)."""

from __future__ import annotations

import io
import logging

import pytest
from arcctl.model import mask
from arcctl.model.scrub import secrets_of
from arcctl.settings import Flags, Settings
from arcctl.views.logs import shown

HELD = {
    "AZURE_CLIENT_SECRET": "marked-one",
    "AZURE_ACCESS_TOKEN": "marked-two",
    "HTTPS_PROXY": "http://me:marked-three@proxy.example:3128",
}


def logged(**flags: bool) -> str:
    """What stderr gets of a command that logs, with these flags."""
    err = io.StringIO()
    mask.begin(secrets_of(HELD))
    with shown(Settings(environ=HELD, flags=Flags(**flags)), err):
        logging.getLogger("arcctl.http").debug("GET %s 200", "https://arm.example/subscriptions")
        logging.getLogger("arcctl.kubernetes").debug("GET /version: 200")
        logging.getLogger("arcctl.helm").warning("said %s", " ".join(HELD.values()))
        logging.getLogger("azure.identity").info("a token was acquired")
        try:
            raise ValueError("Bearer marked-four")
        except ValueError:
            logging.getLogger("arcctl.arm").debug("failed", exc_info=True)
    logging.getLogger("arcctl.http").debug("after the end")
    return err.getvalue()


@pytest.mark.parametrize("flag", ["verbose", "debug"])
def test_requests_are_shown(flag: str) -> None:
    """What was asked of whom, each with the name of who logs."""
    text = logged(**{flag: True})

    assert "arcctl.http  GET https://arm.example/subscriptions 200\n" in text
    assert "arcctl.kubernetes  GET /version: 200\n" in text


@pytest.mark.parametrize("flag", ["verbose", "debug"])
def test_no_secret_is_shown(flag: str) -> None:
    """Not the environment's, not one in an exception."""
    text = logged(**{flag: True})

    assert "arcctl.helm  said [hidden] [hidden] http://[hidden]@proxy.example:3128\n" in text
    assert "ValueError: Bearer [hidden]" in text
    assert "marked" not in text.replace('ValueError("Bearer marked-four")', "")


def test_debug_shows_sign_in_too() -> None:
    """Which credential was tried is what one asks first."""
    assert "a token was acquired" in logged(debug=True)
    assert "a token was acquired" not in logged(verbose=True)


@pytest.mark.parametrize("flags", [{}, {"verbose": True, "only_show_errors": True}])
def test_without_the_flags_nothing_is_shown(flags: dict[str, bool]) -> None:
    """And --only-show-errors beats them."""
    assert logged(**flags) == ""


def test_the_log_ends_with_the_command() -> None:
    """The next command in the same process begins anew."""
    assert "after the end" not in logged(debug=True)
    assert logging.getLogger("arcctl").handlers == []
