"""Days on which `check` itself meets what is broken: bounded, explained, and never a pass."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from tests.stories import symptoms as world
from tests.stories.refusals import changes

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

CHECK = "check -n harbor -g edge"
# Much longer than the questions of these stories may take.
FOR_LONG = {"delay": 20}


def of(ended: Ended, verdict: str) -> set[str]:
    """The codes of the findings with one verdict."""
    assert ended.out, ended.err
    return {each["code"] for each in ended.data["findings"] if each["verdict"] == verdict}


def finding(ended: Ended, code: str) -> dict[str, Any]:
    """The first finding with a code."""
    found: dict[str, Any] = next(e for e in ended.data["findings"] if e["code"] == code)
    return found


@pytest.mark.parametrize(
    ("service", "path", "skipped", "answered"),
    [
        ("arm", "/harbor$", "provisioning-failed", {"AZK8S0202", "agents-asleep"}),
        ("arm", "/extensions$", "extension-failed", {"AZK8S0405", "flux-pods"}),
        ("kubernetes", "/azure-arc/pods$", "AZK8S0513", {"AZK8S0405", "AZK8S0508"}),
        ("kubernetes", "webhookconfigurations$", "webhook-blocks", {"AZK8S0513", "clock-here"}),
        ("kubernetes", "/flux-system/pods$", "flux-pods", {"flux-not-compliant", "AZK8S0309"}),
    ],
)
def test_what_hangs_holds_up_nobody_else(
    harbor: Stage, service: str, path: str, skipped: str, answered: set[str]
) -> None:
    """Its own questions are skipped in time, with that reason; all others are answered."""
    harbor.fault(service, FOR_LONG, method="GET", path=path, times=None)

    ended = harbor.type(f"{CHECK} --timeout 4")

    assert skipped in of(ended, "skip")
    assert finding(ended, skipped)["detail"] == "no answer within 4.0 s"
    assert answered <= of(ended, "pass")


def test_an_azure_that_is_silent_leaves_the_cluster_to_be_checked(harbor: Stage) -> None:
    """What is about reaching Azure fails, what it would have told is skipped."""
    harbor.fault("arm", FOR_LONG, path="^/subscriptions", times=None)

    ended = harbor.type(f"{CHECK} --timeout 4")

    assert ended.code == 5
    assert ended.data["diagnosis"]["word"] == "azure-unseen"
    assert of(ended, "fail") == {"azure-unreachable"}
    assert {"AZK8S0405", "AuthorizationFailed", "extension-failed", "agents-outdated"} <= of(
        ended, "skip"
    )
    assert {"AZK8S0514", "AZK8S0309", "AZK8S0508"} <= of(ended, "pass")


def test_a_cluster_that_does_not_answer_leaves_azure_to_be_checked(harbor: Stage) -> None:
    """One failure, not thirty; the rest says that it could not be asked."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        known = f"https://127.0.0.1:{silent.getsockname()[1]}"
        world.kubeconfig(harbor, "any", server=known)
        ended = harbor.type(f"{CHECK} --timeout 2")

    assert ended.code == 5
    assert ended.data["diagnosis"]["word"] == "cluster-unseen"
    assert "AZK8S0202" in of(ended, "fail")
    assert {"AZK8S0405", "clock-here", "identity-trusted"} <= of(ended, "pass")
    assert {"AZK8S0513", "AZK8S0309", "clock-cluster"} <= of(ended, "skip")
    assert "AZK8S0514" not in of(ended, "pass")


def test_an_expired_token_is_one_failure(harbor: Stage) -> None:
    """The cluster does not know who asks: how to sign in, and nothing else is wrong."""
    world.stale_token(harbor)

    ended = harbor.type(CHECK)

    assert of(ended, "fail") == {"AZK8S0202"}
    assert "sign in to the cluster again" in finding(ended, "AZK8S0202")["remedy"][0]
    assert finding(ended, "AZK8S0513")["verdict"] == "skip"


def test_nobody_signed_in_is_one_failure(harbor: Stage) -> None:
    """Azure is not asked again and again, and the cluster is checked all the same."""
    ended = harbor.type(CHECK, AZURE_CLIENT_SECRET="wrong")

    assert of(ended, "fail") == {"not-signed-in"}
    assert {"AZK8S0405", "AuthorizationFailed", "extension-failed"} <= of(ended, "skip")
    assert {"AZK8S0514", "AZK8S0309"} <= of(ended, "pass")
    assert len(harbor.requests("entra", "POST")) == 1


def test_lists_that_are_forbidden_are_skipped_with_the_servers_words(harbor: Stage) -> None:
    """Who may read little is told what they may not, and nothing passes unseen."""
    rules = {"verbs": ["get", "list"], "apiGroups": ["*"], "resources": ["nodes", "namespaces"]}
    anything = {"verbs": ["get"], "nonResourceURLs": ["*"]}
    world.another_user(rules, anything)(harbor)

    ended = harbor.type(CHECK)

    assert {"AZK8S0513", "AZK8S0309", "quota-exhausted", "webhook-blocks"} <= of(ended, "skip")
    assert "forbids GET" in finding(ended, "AZK8S0513")["detail"]
    assert {"nodes-not-ready", "AZK8S0202"} <= of(ended, "pass")
    assert "kube-forbidden" in of(ended, "fail")


@pytest.mark.parametrize(
    "body",
    [
        "not JSON at all",
        {"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {}}]},
        {"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "x"}}]},
        {"kind": "PodList", "apiVersion": "v1", "items": "none"},
        [],
    ],
    ids=["text", "no name", "no spec", "no list", "another shape"],
)
def test_half_an_answer_is_skipped(harbor: Stage, body: Any) -> None:
    """A list of another shape than the API's is no pass, and no crash."""
    world.instead("kubernetes", "/azure-arc/pods$", 200, body)(harbor)

    ended = harbor.type(CHECK)

    assert "Traceback" not in ended.err
    assert "AZK8S0514" not in of(ended, "pass")
    assert "AZK8S0309" in of(ended, "pass")


@pytest.mark.parametrize("cut", [{"cut": "mid"}, {"reset": "before"}, {"status": 500}])
def test_an_api_server_that_breaks_off_is_skipped(harbor: Stage, cut: dict[str, Any]) -> None:
    """The questions that needed that list say so; all others are answered."""
    harbor.fault("kubernetes", cut, method="GET", path="/azure-arc/deployments$", times=None)

    ended = harbor.type(CHECK)

    assert "agents-asleep" in of(ended, "skip")
    assert {"AZK8S0508", "AZK8S0202"} <= of(ended, "pass")


def test_flux_that_was_never_installed_is_skipped(quick: Stage) -> None:
    """Kinds that are absent are no failure, and no pass."""
    quick.after("connect -n harbor -g edge -l westeurope --skip-prechecks -o none")

    ended = quick.well(CHECK)

    assert of(ended, "skip") == {"flux-not-ready", "flux-pods"}
    assert of(ended, "fail") == set()


def test_agents_that_went_with_their_resource_are_stale(harbor: Stage) -> None:
    """T29: the resource was deleted in the portal; what is left is named."""
    gone = {"error": {"code": "ResourceNotFound", "message": "gone"}}
    world.instead("arm", "/harbor$", 404, gone)(harbor)

    ended = harbor.type(CHECK)

    assert ended.data["diagnosis"]["word"] == "stale-agents"
    assert ended.data["status"] == ""
    assert "AZK8S0405" in of(ended, "fail")


def test_another_clusters_troubles_are_not_this_ones(harbor: Stage) -> None:
    """With the wrong kubeconfig only that is said: a remedy would be typed at the wrong cluster."""
    world.trouble("ImagePullBackOff")(harbor)
    world.another_key(harbor)
    world.another_owner(harbor)

    ended = harbor.type(CHECK)

    assert ended.data["diagnosis"]["word"] == "wrong-cluster"
    assert of(ended, "fail") == {"wrong-cluster"}
    assert "another cluster" in finding(ended, "AZK8S0513")["detail"]


def test_bad_days_change_nothing_either(harbor: Stage) -> None:
    """Whatever is broken, no request writes."""
    world.offline(harbor)
    world.trouble("CrashLoopBackOff")(harbor)
    before = changes(harbor)

    harbor.type(CHECK)

    assert changes(harbor) == before
