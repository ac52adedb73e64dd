"""What every refusal has: an exit code, a code in brackets, a next step, and no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.stories.pasting import mistakes, tried

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

CONNECT = "connect -n harbor -g edge -l westeurope"
# What the API server and Azure answer to whoever may not do something, as actions of faults.
FORBIDDEN: dict[str, Any] = {
    "status": 403,
    "body": {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": "no",
        "reason": "Forbidden",
        "code": 403,
    },
}
DENIED: dict[str, Any] = {
    "status": 403,
    "body": {"error": {"code": "AuthorizationFailed", "message": "no"}},
}
_CHANGES = ("PUT", "POST", "PATCH", "DELETE")
# Questions that are asked by POST.
_ASKING = (
    "accessreviews",
    "rulesreviews",
    "/checkPolicyRestrictions",
    "/Microsoft.ResourceGraph/resources",
)


def refused(ended: Ended, code: str, *, exit_code: int = 1, said: str = "") -> Ended:
    """Assert how a command was refused, and return it for what is particular about it."""
    assert (ended.code, f"[{code}]" in ended.err) == (exit_code, True), ended.err
    assert "\ntry  " in ended.err, ended.err
    assert mistakes(tried(ended.err)) == [], ended.err
    assert "Traceback" not in ended.err, ended.err
    assert ended.out == ""
    assert said in ended.err, ended.err
    return ended


def changes(stage: Stage) -> list[str]:
    """Return the requests so far that change Azure or the cluster."""
    entries = stage.within(lambda: list(stage.world.journal.entries))
    return [
        f"{each.service} {each.method} {each.path}"
        for each in entries
        if each.service in ("arm", "kubernetes")
        and each.method in _CHANGES
        and each.user_agent != "azure-arc-agents"
        and not each.path.endswith(_ASKING)
    ]
