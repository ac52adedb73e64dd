"""The code of an error comes from a service; it is a plain word, or it is not told.

It stands in brackets behind the message, in JSON, in events, in journals and in reports, and what
it says must neither act on a terminal nor hold a secret.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from tests.stories.test_masking import APPLY, everywhere, leaks, manifest

if TYPE_CHECKING:
    from tests.stage import Stage

SHOW = "show -n harbor -g edge"
ODD = (
    "No\x1b]0;x\x07 {mark}",
    "No\x9b2J{mark}",
    "No\u202e{mark}",
    "No\n{mark}",
    "{mark}",
    "X" * 5000 + "{mark}",
    "",
)
ACTING = ("\x1b]0;", "\x07", "\x9b", "\u202e", "X" * 200, "[No")


def answer(code: Any) -> dict[str, Any]:
    """Return a body of ARM's with this code at every depth."""
    inner = {"code": code, "message": "m"}
    return {"error": {"code": code, "message": "m", "details": [inner], "innererror": inner}}


@pytest.mark.parametrize("more", ["", "--debug", "-o json", "--progress json"])
@pytest.mark.parametrize("code", ODD)
def test_the_code_of_azure_is_a_plain_word(connected: Stage, code: str, more: str) -> None:
    """For a question, whose error is the command's own."""
    mark = f"mark-{secrets.token_hex(8)}"
    body = answer(code.replace("{mark}", mark))
    connected.fault("arm", {"status": 403, "body": body}, path="/harbor$", times=None)
    ended = connected.type(f"{SHOW} {more}", ANOTHER_SECRET=mark)

    assert ended.code == 4
    assert leaks({"out": ended.out, "err": ended.err}, mark) == []
    assert [each for each in ACTING if each in ended.err] == []


@pytest.mark.parametrize("code", ODD)
def test_no_code_of_a_change_is_kept_as_it_came(connected: Stage, code: str) -> None:
    """In the events, and in both copies of the journal."""
    mark = f"mark-{secrets.token_hex(8)}"
    manifest(connected, mark)
    body = answer(code.replace("{mark}", mark))
    connected.fault(
        "arm", {"status": 400, "body": body}, method="PUT", path="/extensions/echo$", times=None
    )
    ended = connected.type(f"{APPLY} --progress json --debug")
    told = connected.type("history -o json")

    assert ended.code != 0
    places = everywhere(connected, ended, told)
    assert leaks(places, mark) == []
    texts = {place: text for place, text in places.items() if "arcctl" in place or "std" in place}
    assert [place for place, text in texts.items() if any(each in text for each in ACTING)] == []


@pytest.mark.parametrize("code", [None, 7, ["a"], {"a": "b"}, True])
def test_a_code_that_is_no_text_is_none(connected: Stage, code: Any) -> None:
    """Azure's status is told instead of it."""
    connected.fault("arm", {"status": 400, "body": answer(code)}, path="/harbor$", times=None)
    ended = connected.type(SHOW)

    assert "[azure-400]" in ended.err


@pytest.mark.parametrize("reason", ODD)
def test_the_reason_of_the_cluster_is_a_plain_word(connected: Stage, reason: str) -> None:
    """The API server's answer has its own name for it."""
    mark = f"mark-{secrets.token_hex(8)}"
    body = {"kind": "Status", "reason": reason.replace("{mark}", mark), "message": "m"}
    connected.fault("kubernetes", {"status": 409, "body": body}, path="/version", times=None)
    ended = connected.type("upgrade -n harbor -g edge", ANOTHER_SECRET=mark)

    assert ended.code != 0
    assert leaks({"out": ended.out, "err": ended.err}, mark) == []
    assert [each for each in ACTING if each in ended.err] == []
