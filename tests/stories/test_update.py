"""Stories of `arcctl update` (`connectedk8s.md` A.3, B.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.stories import changing
from tests.stories.changing import HARBOR, agents, given, revisions, written
from tests.stories.moments import at
from tests.stories.pasting import tried
from tests.stories.refusals import changes, refused
from tests.stories.spying import spy_on_helm
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from tests.stage import Stage

UPDATE = f"update {HARBOR}"
GATEWAY = f"{arm.GROUP}/providers/Microsoft.HybridCompute/gateways/way"
OTHER = "marked-other-password"


def values(stage: Stage) -> dict[str, Any]:
    """The `global` values that the agents were given."""
    found: dict[str, Any] = given(stage)["global"]
    return found


def shown(stage: Stage) -> dict[str, Any]:
    """The resource, as `show` prints it."""
    found: dict[str, Any] = stage.well(f"show {HARBOR}").data
    return found


def test_tags_cost_one_patch_and_no_cluster(connected: Stage) -> None:
    """They are replaced as a whole, as by the peer, and what is gone is named."""
    ended = connected.well(f"{UPDATE} --tags floor=2 a=b", KUBECONFIG="nowhere")
    again = connected.well(f"{UPDATE} --tags floor=2 a=b", KUBECONFIG="nowhere")
    cleared = connected.well(f"{UPDATE} --tags ''", KUBECONFIG="nowhere")

    assert ended.data["tags"] == {"floor": "2", "a": "b"}
    assert "tags that were not named are gone: site" in ended.err
    assert "Updated: harbor (edge, westeurope)." in ended.err
    assert "Nothing to update: harbor" in again.err
    assert cleared.data["tags"] == {}
    assert written(connected) == ["PATCH", "PATCH"]


def test_a_kubeconfig_that_was_typed_is_looked_into(connected: Stage) -> None:
    """Whoever names one means it: where it leads nowhere, nothing is changed."""
    ended = connected.type(f"{UPDATE} --tags floor=2 --kube-config nowhere")

    refused(ended, "AZK8S0200", said="nowhere: no such file")
    assert written(connected) == []


def test_what_arm_lets_change_is_patched(connected: Stage) -> None:
    """Distribution in any case is no difference; the benefit asks, and --yes answers."""
    unasked = connected.type(f"{UPDATE} --azure-hybrid-benefit True")
    ended = connected.well(
        f"{UPDATE} --distribution K3S --distribution-version 1.34 --azure-hybrid-benefit true --yes"
    )
    again = connected.well(f"{UPDATE} --distribution k3s")

    refused(unasked, "no-terminal", exit_code=2, said="Software Assurance")
    assert ended.data["distribution"].lower() == "k3s"
    assert ended.data["distributionVersion"] == "1.34"
    assert ended.data["azureHybridBenefit"] == "True"
    assert "Nothing to update" in again.err
    assert written(connected) == ["PATCH"]


def test_a_no_changes_nothing(connected: Stage) -> None:
    """At a terminal, no is the default."""
    said = typed_at_a_terminal(connected, f"{UPDATE} --azure-hybrid-benefit True --tags a=b", "\n")

    assert (said.code, "[declined]" in said.out) == (130, True)
    assert changes(connected) == []


@pytest.mark.apart
def test_a_new_proxy_reaches_the_agents_and_nothing_is_lost(stage: Stage) -> None:
    """Tags, key and the other values stay; the password is in helm's record and not in ARM."""
    stage.after(changing.connected)
    before = shown(stage)

    ended = stage.well(
        f"{UPDATE} --proxy-https http://me:{OTHER}@proxy:3128 --proxy-skip-range 10.0.0.0/8"
    )
    again = stage.well(f"{UPDATE} --proxy-skip-range 10.0.0.0/8")

    assert "agents           1.36.1, 11 of 11 ready" in ended.err
    assert OTHER in values(stage)["httpsProxy"]
    assert (values(stage)["noProxy"], values(stage)["isProxyEnabled"]) == ("10.0.0.0/8", True)
    assert OTHER not in str(stage.within(stage.world.azure.dump))
    kept = ("tags", "agentPublicKeyCertificate", "infrastructure", "identity", "location")
    assert {key: shown(stage)[key] for key in kept} == {key: before[key] for key in kept}
    assert "Nothing to update" in again.err
    assert len(revisions(stage)) == 2


def test_no_value_is_seen_by_anybody_but_helm(connected: Stage) -> None:
    """Neither in argv or environment of helm, nor on a stream, nor in ARM."""
    script, seen = spy_on_helm(connected.folder, connected.helm)
    flags = f"--config-protected-settings extra.token={OTHER} --debug"

    ended = connected.well(f"{UPDATE} {flags}", ARCCTL_HELM=str(script))

    told = seen.read_text() + ended.out + ended.err + str(connected.world.azure.dump())
    assert "upgrade" in told
    assert [each for each in (OTHER, changing.PROXY) if each in told] == []
    assert given(connected)["extra"] == {"token": OTHER}


def test_a_proxy_can_be_taken_away(connected: Stage) -> None:
    """Its address and password leave helm's values, and the resource no longer speaks of one."""
    ended = connected.well(f"{UPDATE} --disable-proxy")
    again = connected.well(f"{UPDATE} --disable-proxy")

    assert (values(connected)["isProxyEnabled"], values(connected)["httpsProxy"]) == (False, "")
    assert changing.PROXY not in str(given(connected))
    assert ended.data["arcAgentryConfigurations"] == []
    assert "Nothing to update" in again.err


def test_settings_are_laid_over_those_of_their_feature(connected: Stage) -> None:
    """What was set before stays, where the peer replaces the whole list."""
    connected.well(f"{UPDATE} --container-log-path /var/log/pods")
    ended = connected.well(f"{UPDATE} --configuration-settings logging.level=debug")

    found = {each["feature"]: each["settings"] for each in ended.data["arcAgentryConfigurations"]}
    assert found["logging"] == {"container_log_path": "/var/log/pods", "level": "debug"}
    assert "proxy" in found
    system = given(connected)["systemDefaultValues"]
    assert system["fluent-bit"]["containerLogPath"] == "/var/log/pods"


def test_auto_upgrade_is_switched_off_and_on(connected: Stage) -> None:
    """On the resource and in the cluster, so that `upgrade` may go on."""
    off = connected.well(f"{UPDATE} --auto-upgrade false")
    upgraded = connected.well(f"upgrade {HARBOR}")
    on = connected.well(f"{UPDATE} --auto-upgrade true")

    assert off.data["arcAgentProfile"]["agentAutoUpgrade"] == "Disabled"
    assert "Nothing to upgrade" in upgraded.err
    assert on.data["arcAgentProfile"]["agentAutoUpgrade"] == "Enabled"


def test_workload_identity_waits_for_the_agents_word(stage: Stage) -> None:
    """The issuer's address is there at the end; switched off again, the issuer stays."""
    stage.after(changing.connected)

    on = stage.well(f"{UPDATE} --enable-oidc-issuer --enable-wi")
    off = stage.well(f"{UPDATE} --disable-workload-identity")

    assert on.data["oidcIssuerProfile"]["issuerUrl"].startswith("https://westeurope.oic.")
    assert on.data["securityProfile"]["workloadIdentity"]["enabled"] is True
    assert on.data["arcAgentProfile"]["agentState"] == "Succeeded"
    assert off.data["securityProfile"]["workloadIdentity"]["enabled"] is False
    assert off.data["oidcIssuerProfile"] == on.data["oidcIssuerProfile"]


def test_agents_that_could_not_apply_it_are_quoted(connected: Stage) -> None:
    """Failed is a failure, and the agents' own errors are told (trap 12)."""
    errors = [{"component": "signing", "message": "no key", "severity": "Error"}]
    profile = {"agentState": "Failed", "agentErrors": errors}
    patch = {"patch_body": {"properties": {"arcAgentProfile": profile}}}
    connected.fault("arm", patch, method="GET", path="/harbor$", times=None)

    ended = connected.type(f"{UPDATE} --enable-oidc-issuer")

    assert (ended.code, "[AZK8S0506]" in ended.err) == (1, True)
    assert "signing: no key" in ended.err


def test_the_gateway_is_linked_and_unlinked(connected: Stage) -> None:
    """By its own settings resource and on the cluster, each written only where it differs."""
    on = connected.well(f"{UPDATE} --gateway-resource-id {GATEWAY}")
    again = connected.well(f"{UPDATE} --gateway-resource-id {GATEWAY}")
    off = connected.well(f"{UPDATE} --disable-gateway")

    assert (on.data["gateway"]["enabled"], off.data["gateway"]["enabled"]) == (True, False)
    assert "Nothing to update" in again.err
    assert written(connected) == ["PUT"] * 4


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("", "AZK8S0101", "nothing to update"),
        ("--disable-proxy --proxy-https http://p", "AZK8S0102", "contradicts --proxy-https"),
        ("--disable-proxy --proxy-cert ca.pem --tags a=b", "AZK8S0102", "--proxy-cert"),
        ("--enable-oidc-issuer false", "AZK8S0100", "cannot be turned off"),
        ("--self-hosted-issuer https://i", "AZK8S0100", "goes with the OIDC issuer"),
        ("--enable-wi --disable-wi", "AZK8S0100", "contradicts --enable-workload-identity"),
        (f"--disable-gateway --gateway-resource-id {GATEWAY}", "AZK8S0100", "contradicts"),
        ("--gateway-resource-id way", "AZK8S0106", "gateway"),
        ("--auto-upgrade perhaps", "AZK8S0100", "true or false"),
        ("--distribution nope", "AZK8S0100", "one of"),
        ("--configuration-settings a=b", "AZK8S0100", "exactly one dot"),
        ("--proxy-https 'not a url'", "AZK8S0100", "--proxy-https is not the URL of a proxy"),
        ("--proxy-http …", "AZK8S0100", "arcctl update -n harbor -g edge --proxy-http URL"),
        ("--proxy-https URL", "AZK8S0100", "not the URL"),
        ("--proxy-https socks5://p:1080", "AZK8S0100", "not the URL"),
        ("--enable-oidc-issuer --distribution eks", "AZK8S0100", "--self-hosted-issuer URL"),
    ],
)
def test_conflicts_are_found_before_any_change(
    connected: Stage, words: str, code: str, said: str
) -> None:
    """With the words that contradict each other, and exit 2."""
    refused(connected.type(f"{UPDATE} {words}"), code, exit_code=2, said=said)

    assert changes(connected) == []


def test_an_option_is_left_out_where_something_else_is_asked_for(connected: Stage) -> None:
    """Alone it would leave a command with nothing to update."""
    alone = connected.type(f"{UPDATE} --enable-oidc-issuer false")
    beside = connected.type(
        f"{UPDATE} --enable-oidc-issuer false --proxy-https http://me:{OTHER}@proxy:3128"
    )

    assert tried(alone.err) == ["arcctl update --help"]
    assert tried(beside.err) == [f"without it: arcctl {UPDATE} --proxy-https URL"]
    assert OTHER not in beside.err


def test_agents_that_never_are_ready_are_rolled_back(stage: Stage) -> None:
    """With what stays in Azure; healed, the same command goes on."""
    stage.after(changing.connected)
    before = given(stage)
    stage.within(lambda: stage.cluster.trouble("NeverReady", prefix="config-agent-"))
    line = f"{UPDATE} --disable-proxy"

    ended = stage.type(f"{line} --agents-timeout 2")

    refused(ended, "AZK8S0514", said="rolled back: the agents are 1.36.1 as of revision 1 again")
    assert "the resource keeps what was asked; the same command goes on" in ended.err
    assert given(stage) == before
    stage.within(stage.cluster.heal)
    assert "Updated: harbor" in stage.well(line).err
    assert changing.PROXY not in str(given(stage))


def test_features_survive_an_update(connected: Stage) -> None:
    """What only the release knows is kept, whatever the service says."""
    connected.well(f"enable-features {HARBOR} --features azure-rbac")

    connected.well(f"{UPDATE} --auto-upgrade false")

    assert "guard" in agents(connected)


def test_a_service_that_fails_leaves_the_agents_alone(connected: Stage) -> None:
    """The resource has been written; typed again, the agents follow."""
    connected.fault("dataplane", {"status": 400}, path="GetHelmSettings", times=None)

    ended = connected.type(f"{UPDATE} --auto-upgrade false")

    assert (ended.code, "the same command goes on" in ended.err) == (1, True)
    assert len(revisions(connected)) == 1
    connected.within(connected.world.faults.remove)
    assert "Updated: harbor" in connected.well(f"{UPDATE} --auto-upgrade false").err
    assert len(revisions(connected)) == 2


@pytest.mark.parametrize(
    ("flags", "asked", "said"),
    [
        ("--tags floor=2", "arm PATCH .*/harbor$", "written to the new one"),
        (
            "--auto-upgrade false",
            "arm GET .*/connectedClusters/harbor$",
            "nothing was written to the new one",
        ),
    ],
)
@pytest.mark.parametrize(
    "other",
    [
        {"systemData": {"createdAt": "2031-01-01T00:00:00Z"}},
        {"location": "northeurope"},
    ],
)
def test_a_resource_that_is_made_again_meanwhile_is_told(
    connected: Stage, flags: str, asked: str, said: str, other: dict[str, Any]
) -> None:
    """A move from another machine, while this one slept: not what was meant, and not in silence."""
    plan = {
        "service": "arm",
        "method": "GET",
        "path": "/connectedClusters/harbor$",
        "action": {"patch_body": other},
        "times": None,
    }
    moment = at(connected, asked, "after", lambda: connected.world.faults.add(plan))
    ended = connected.type(f"{UPDATE} {flags}")

    assert moment.happened
    refused(ended, "azure-made-again", said=said)
