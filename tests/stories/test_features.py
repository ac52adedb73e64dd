"""Stories of `arcctl enable-features` and `disable-features` (`connectedk8s.md` A.6, B.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.stories import changing
from tests.stories.changing import HARBOR, agents, deployed, given, revisions, written
from tests.stories.refusals import changes, refused
from tests.stories.spying import spy_on_helm
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from tests.stage import Stage

ENABLE = f"enable-features {HARBOR} --features"
DISABLE = f"disable-features {HARBOR} --features"
FEATURES = f"show {HARBOR} --agents --query features"
KNOWN_APP = "00000000-0000-0000-0000-0000000001c1"


def system(stage: Stage) -> dict[str, Any]:
    """The values under `systemDefaultValues`."""
    values: dict[str, Any] = given(stage)["systemDefaultValues"]
    return values


@pytest.mark.apart
def test_features_are_enabled_and_disabled_and_shown(stage: Stage) -> None:
    """Agents come and go with them, `show --agents` tells them, and the resource stays as it is."""
    stage.after(changing.connected)

    on = stage.well(f"{ENABLE} Azure-RBAC")
    seen = stage.well(FEATURES).data, "guard" in agents(stage)
    off = stage.well(f"{DISABLE} azure-rbac cluster-connect --yes")

    assert on.data.startswith("Enabled: azure-rbac, on harbor (edge).")
    assert "12 of 12 ready" in on.err
    assert seen == (["cluster-connect", "azure-rbac"], True)
    assert "On now: no feature." in off.data
    assert stage.well(FEATURES).data == []
    assert agents(stage).isdisjoint({"guard", "kube-aad-proxy", "clusterconnect-agent"})
    assert written(stage) == []


def test_what_is_so_already_is_success_without_helm(connected: Stage) -> None:
    """Nothing is written, and no revision is made; it says that it was so."""
    connected.well(f"{ENABLE} azure-rbac")
    connected.within(connected.world.journal.clear)

    again = connected.well(f"{ENABLE} azure-rbac cluster-connect")
    off = connected.well(f"{DISABLE} custom-locations")

    assert "Enabled already: cluster-connect, azure-rbac" in again.err
    assert "Disabled already: custom-locations" in off.err
    assert changes(connected) == []
    assert len(revisions(connected)) == 2


def test_values_of_the_release_are_kept_and_the_list_arrives_as_typed(connected: Stage) -> None:
    """Commas and slashes need no escapes on stdin; the proxy's password is still there."""
    connected.well(f"{ENABLE} azure-rbac --skip-azure-rbac-list someone@example.org,a/b,7c1d")

    assert system(connected)["guard"] == {
        "enabled": True,
        "authnMode": "arc",
        "skipAuthzCheck": "someone@example.org,a/b,7c1d",
    }
    assert changing.PROXY in given(connected)["global"]["httpsProxy"]


def test_no_value_is_seen_by_anybody_but_helm(connected: Stage) -> None:
    """Neither in argv or environment of helm, nor on either stream, not even with --debug."""
    script, seen = spy_on_helm(connected.folder, connected.helm)

    ended = connected.well(f"{ENABLE} azure-rbac --debug", ARCCTL_HELM=str(script))

    told = seen.read_text()
    assert "upgrade" in told
    assert [text for text in (told, ended.out, ended.err) if changing.PROXY in text] == []


def test_custom_locations_bring_cluster_connect_along(connected: Stage) -> None:
    """With the object id that Graph tells, whatever was typed; disabled, both are forgotten."""
    connected.well(f"{DISABLE} cluster-connect --yes")

    ended = connected.well(f"{ENABLE} custom-locations --custom-locations-oid wrong")

    assert f"has object id {KNOWN_APP}; that one is used" in ended.err
    assert system(connected)["customLocations"] == {"enabled": True, "oid": KNOWN_APP}
    assert connected.well(FEATURES).data == ["cluster-connect", "custom-locations"]
    connected.well(f"{DISABLE} cluster-connect custom-locations --yes")
    assert system(connected)["customLocations"] == {"enabled": False, "oid": ""}


def test_cluster_connect_stays_while_custom_locations_need_it(connected: Stage) -> None:
    """Refused with the command that disables both."""
    connected.well(f"{ENABLE} custom-locations")
    connected.within(connected.world.journal.clear)

    ended = connected.type(f"{DISABLE} cluster-connect --yes")

    refused(ended, "feature-needed", said="--features cluster-connect custom-locations")
    assert changes(connected) == []


def test_without_an_object_id_custom_locations_stay_off(connected: Stage) -> None:
    """Alone they are refused; beside others they are left out with a warning."""
    connected.fault("graph", {"no_principal": True}, times=None)

    alone = connected.type(f"{ENABLE} custom-locations")
    untouched = changes(connected)
    beside = connected.well(f"{ENABLE} custom-locations azure-rbac")
    said = connected.well(f"{ENABLE} custom-locations --custom-locations-oid 7c1d")

    refused(alone, "custom-locations-enable-failed", said="--custom-locations-oid ID")
    assert untouched == []
    assert "warning  custom locations stay off" in beside.err
    assert beside.data.startswith("Enabled: azure-rbac, on harbor")
    assert said.code == 0
    assert system(connected)["customLocations"]["oid"] == "7c1d"


def test_custom_locations_need_their_provider(connected: Stage) -> None:
    """Not registered: refused before anything is changed, with the command that registers it."""
    connected.seed(providers={"Microsoft.ExtendedLocation": "NotRegistered"})

    ended = connected.type(f"{ENABLE} custom-locations")

    refused(ended, "custom-locations-enable-failed", said="az provider register --namespace")
    assert changes(connected) == []


def test_options_that_have_no_effect_are_told(connected: Stage) -> None:
    """A script of the peer's still runs."""
    ended = connected.well(
        f"{ENABLE} cluster-connect --skip-azure-rbac-list a --custom-locations-oid b"
    )

    assert "--skip-azure-rbac-list has no effect, as azure-rbac is not enabled here" in ended.err
    assert "--custom-locations-oid has no effect" in ended.err


def test_private_link_forbids_what_does_not_go_over_it(connected: Stage) -> None:
    """Cluster connect and custom locations; Azure RBAC may be enabled."""
    fault = {"patch_body": {"properties": {"privateLinkState": "Enabled"}}}
    connected.fault("arm", fault, method="GET", path="/harbor$", times=None)

    ended = connected.type(f"{ENABLE} azure-rbac custom-locations")

    refused(ended, "private-link", said="cluster-connect and custom-locations cannot be enabled")
    assert changes(connected) == []
    assert connected.well(f"{ENABLE} azure-rbac").code == 0


def test_disabling_asks_and_a_no_changes_nothing(connected: Stage) -> None:
    """Without a terminal --yes must be said; at one, no is the default."""
    unasked = connected.type(f"{DISABLE} cluster-connect")
    declined = typed_at_a_terminal(connected, f"{DISABLE} cluster-connect", "n\n")

    refused(unasked, "no-terminal", exit_code=2, said="--features cluster-connect --yes")
    assert "Disable cluster-connect of harbor in group edge?" in declined.out
    assert (declined.code, "[declined]" in declined.out) == (130, True)
    assert changes(connected) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"{ENABLE} guard", "one or more of cluster-connect, azure-rbac, custom-locations"),
        (f"{ENABLE} azure-rbac --agents-timeout soon", "write seconds (1200)"),
        (f"enable-features {HARBOR}", "--features"),
    ],
)
def test_words_that_mean_nothing_are_usage(connected: Stage, line: str, said: str) -> None:
    """Before anything is asked of anybody but Azure's directory."""
    ended = connected.type(line)

    assert (ended.code, said in ended.err) == (2, True), ended.err
    assert changes(connected) == []


def test_agents_that_never_are_ready_are_rolled_back(stage: Stage) -> None:
    """The reason is named, the former revision is back, and the next try starts from it."""
    stage.after(changing.connected)
    before = given(stage)
    stage.within(lambda: stage.cluster.trouble("ImagePullBackOff", prefix="guard-"))

    ended = stage.type(f"{ENABLE} azure-rbac --agents-timeout 2")

    refused(ended, "AZK8S0513", said="guard: ImagePullBackOff")
    assert "rolled back: the agents are 1.36.1 as of revision 1 again, 11 of 11 ready" in ended.err
    assert (given(stage), "guard" in agents(stage)) == (before, False)
    assert stage.well(FEATURES).data == ["cluster-connect"]
    stage.within(stage.cluster.heal)
    assert "On now: cluster-connect, azure-rbac" in stage.well(f"{ENABLE} azure-rbac").data


def test_a_helm_that_fails_is_rolled_back(stage: Stage) -> None:
    """The cluster refuses an agent half-way: what helm has made is taken back, and said."""
    stage.after(changing.connected)
    # helm 3 creates with POST, helm 4 by server-side apply.
    created = stage.fault("kubernetes", {"status": 422}, method="POST", path="/deployments$")
    applied = stage.fault("kubernetes", {"status": 422}, method="PATCH", path="/guard$")

    ended = stage.type(f"{ENABLE} azure-rbac --agents-timeout 20")

    refused(ended, "AZK8S0500", said="rolled back: the agents are 1.36.1 as of revision 1 again")
    assert stage.happened(created) + stage.happened(applied) == 1
    assert (len(revisions(stage)), deployed(stage)["version"]) == (3, 3)
    assert "guard" not in agents(stage)


def test_a_helm_that_fails_early_has_changed_nothing(stage: Stage) -> None:
    """No revision was made, so nothing is rolled back, and that is said."""
    stage.after(changing.connected)
    stage.fault("kubernetes", {"status": 422}, method="GET", path="/deployments/guard$")

    refused(stage.type(f"{ENABLE} azure-rbac"), "AZK8S0500", said="helm has changed nothing")

    assert len(revisions(stage)) == 1


def test_a_chart_that_cannot_be_had_changes_nothing(connected: Stage) -> None:
    """It is fetched before helm is let near the release."""
    connected.fault("registry", {"status": 404}, times=None)

    refused(connected.type(f"{ENABLE} azure-rbac"), "AZK8S0502")

    assert changes(connected) == []
    assert len(revisions(connected)) == 1
