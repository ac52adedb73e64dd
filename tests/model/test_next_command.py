"""The next command goes where this one went."""

from __future__ import annotations

import pytest
from arcctl.model.next_command import TO_AZURE_ALONE, Way
from tests.architecture.typed_commands import callbacks, parameters

WAY = Way(kube_context="edge 7", kube_config="there", cloud="AzureChinaCloud")
TO_THE_CLUSTER = "--kube-context 'edge 7' --kube-config there"
TO_AZURE = "--cloud AzureChinaCloud"
HINTS = {
    "arcctl resume 7f2c": f"arcctl resume 7f2c {TO_THE_CLUSTER} {TO_AZURE}",
    "the way back: arcctl rollback 7f2c": f"the way back: arcctl rollback 7f2c {TO_THE_CLUSTER} {TO_AZURE}",
    "if a move was cut: arcctl resume": f"if a move was cut: arcctl resume {TO_THE_CLUSTER} {TO_AZURE}",
    "arcctl list -g edge": f"arcctl list -g edge {TO_AZURE}",
    "arcctl config diff FILE g/c": f"arcctl config diff FILE g/c {TO_AZURE}",
    "arcctl config apply FILE": f"arcctl config apply FILE {TO_THE_CLUSTER} {TO_AZURE}",
    "arcctl proxy -n c --kube-context own": f"arcctl proxy -n c --kube-context own {TO_AZURE}",
    "kubectl get pods": "kubectl --context 'edge 7' --kubeconfig there get pods",
    "sign in, then: kubectl auth whoami": "sign in, then: kubectl --context 'edge 7' --kubeconfig there auth whoami",
    "kubectl config get-contexts": "kubectl --kubeconfig there config get-contexts",
    "if it is the sandbox: arcctl sandbox status": "if it is the sandbox: arcctl sandbox status",
    "helm list -A": "helm --kube-context 'edge 7' --kubeconfig there list -A",
    "az login": "az login",
    "choose the right cluster with --kube-context NAME": "choose the right cluster with --kube-context NAME",
}


@pytest.mark.parametrize(("hint", "typed"), HINTS.items(), ids=HINTS)
def test_a_hint_names_the_way(hint: str, typed: str) -> None:
    """In its command, which may stand behind prose; once is enough."""
    assert WAY.along(hint) == typed
    assert WAY.along(typed) == typed


@pytest.mark.parametrize("hint", HINTS)
def test_where_nothing_was_said_a_hint_is_as_it_was(hint: str) -> None:
    """The next command finds the same way by itself."""
    assert Way().along(hint) == hint


def test_the_way_is_only_told_to_commands_that_take_it() -> None:
    """`TO_AZURE_ALONE` is in step with the options of the commands."""
    way = {"kube_context", "kube_config"}
    apart = {
        words
        for words, callback in callbacks().items()
        if not way <= parameters(callback) and not words.startswith("sandbox ")
    }

    assert apart == TO_AZURE_ALONE


def test_both_commands_of_a_hint_go_the_same_way() -> None:
    """Whoever pastes the second half alone must not end up in another cluster."""
    hint = "if it is gone: arcctl delete -n harbor -g edge --azure-only && arcctl connect -n harbor"

    assert Way(kube_context="east").along(hint) == (
        "if it is gone: arcctl delete -n harbor -g edge --azure-only --kube-context east "
        "&& arcctl connect -n harbor --kube-context east"
    )
