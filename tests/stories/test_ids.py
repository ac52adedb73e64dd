"""Stories of `--ids` (issue 5 section 1): clusters named by their ids, one or several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.azure.seeds import SECOND_SUBSCRIPTION, SUBSCRIPTION
from tests.stories.refusals import changes, refused
from tests.stories.test_interrupt import releases
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l westeurope --skip-prechecks -o none"
VERBS = [
    "show",
    "delete --yes",
    "wait --created",
    "update --tags team=edge",
    "upgrade",
    "enable-features --features azure-rbac",
    "disable-features --features azure-rbac --yes",
]


def at(name: str, subscription: str = SUBSCRIPTION) -> str:
    """The id of a cluster in group edge."""
    group = f"/subscriptions/{subscription}/resourceGroups/edge"
    return f"{group}/providers/Microsoft.Kubernetes/connectedClusters/{name}"


OFFLINE = {"connectivityStatus": "Offline", "provisioningState": "Succeeded"}
HARBOR, DEPOT = at("harbor"), at("depot")


def planted(stage: Stage) -> None:
    """Let harbor and depot be in Azure, with no cluster behind them."""
    stage.seed(
        clusters=[
            {"name": name, "group": "edge", "location": "westeurope"}
            for name in ("harbor", "depot")
        ]
    )


def names(stage: Stage) -> set[str]:
    """What is in Azure."""
    return {each["name"] for each in stage.well("list").data}


def test_one_id_is_one_cluster(quick: Stage) -> None:
    """An object as with -n and -g, whatever the id's case; no subscription is looked up."""
    planted(quick)

    shown = quick.well(f"show --ids {HARBOR.upper()}", AZURE_SUBSCRIPTION_ID="").data

    assert shown == quick.well("show -n harbor -g edge").data
    assert "GET /subscriptions" not in quick.requests("arm")


def test_several_ids_are_an_array(quick: Stage) -> None:
    """In the order in which they were named, each once; formats and queries take the list."""
    planted(quick)
    both = f"show --ids {HARBOR} {DEPOT} {HARBOR.lower()}"

    table = quick.well(f"{both} -o table").out.splitlines()
    seen = typed_at_a_terminal(quick, both).out

    assert [each["name"] for each in quick.well(both).data] == ["harbor", "depot"]
    assert [line.split()[0] for line in table] == ["Name", table[1].split()[0], "harbor", "depot"]
    assert quick.well(f"{both} --query [].name -o tsv").out == "harbor\ndepot\n"
    assert seen.index("harbor   Connected") < seen.index("depot   Connected")


def test_ids_may_come_from_list(quick: Stage) -> None:
    """As lines, spelled out or quoted as one word."""
    planted(quick)
    lines = quick.well("list --query [].id -o tsv").out

    plain = quick.well(f"show --ids {lines}").data
    quoted = quick.well(f'show --ids "{lines}"').data

    assert plain == quoted
    assert {each["name"] for each in plain} == {"harbor", "depot"}


def test_several_are_deleted_one_after_the_other(quick: Stage) -> None:
    """Each with its own sentence."""
    planted(quick)

    done = quick.well(f"delete --ids {HARBOR} {DEPOT} --azure-only --yes")

    ends = [line.partition(";")[0] for line in done.err.splitlines() if "Deleted:" in line]
    assert ends == ["Deleted: the resource harbor (edge)", "Deleted: the resource depot (edge)"]
    assert (done.out, names(quick)) == ("", set())


def test_several_are_updated_one_after_the_other(quick: Stage) -> None:
    """Each with its own sentence and its own flags in Azure; the results are a list."""
    planted(quick)

    done = quick.well(f"update --ids {HARBOR} {DEPOT} --tags team=edge")

    assert [(each["name"], each["tags"]) for each in done.data] == [
        ("harbor", {"team": "edge"}),
        ("depot", {"team": "edge"}),
    ]
    assert done.err.count("Updated: ") == 2


def test_features_of_one_are_named_by_its_id(quick: Stage) -> None:
    """One sentence, as with -n and -g; the cluster behind the kubeconfig must be that one."""
    quick.after(CONNECT)
    line = "enable-features --features azure-rbac --ids"

    enabled = quick.well(f"{line} {HARBOR}").data
    refused(quick.type(f"{line} {DEPOT}"), "AZK8S0405", exit_code=3)

    assert "on harbor (edge)" in enabled


def test_a_cluster_behind_the_kubeconfig_is_deleted_whole(quick: Stage) -> None:
    """By its id as by its name: resource and agents."""
    quick.after(CONNECT)

    quick.well(f"delete --ids {HARBOR} --yes")

    assert releases(quick) == []
    assert names(quick) == set()


def test_a_refused_delete_leaves_what_comes_after(quick: Stage) -> None:
    """The kubeconfig leads to one of them; the error comes where the other is due."""
    planted(quick)
    quick.well(CONNECT.replace("harbor", "quay"))

    refused(quick.type(f"delete --ids {HARBOR} {DEPOT} --yes"), "AZK8S0406")

    assert names(quick) == {"harbor", "depot", "quay"}


def test_several_are_waited_for_at_once(quick: Stage) -> None:
    """One line for all, and a time-out that names those that are late."""
    planted(quick)
    quick.seed(
        clusters=[{"name": "quay", "group": "edge", "location": "westeurope", "state": "Offline"}]
    )
    both = f"wait --connected --interval 0.05 --ids {HARBOR}"

    done = quick.well(f"{both} {DEPOT}")
    late = quick.type(f"{both} {at('quay')} --timeout 1")

    assert "harbor: Connected, provisioningState Succeeded, depot: Connected" in done.err
    refused(late, "not-in-time", exit_code=5, said="quay: not connected within")
    assert "harbor: " not in late.err


def test_the_status_of_several_is_one_exit_code(quick: Stage) -> None:
    """5 where one is not Connected, after all were written."""
    planted(quick)
    quick.seed(
        clusters=[{"name": "quay", "group": "edge", "location": "westeurope", "state": "Offline"}]
    )

    shown = quick.type(f"show --ids {HARBOR} {at('quay')} --exit-status")

    assert (shown.code, len(shown.data)) == (5, 2)
    assert "quay is Offline, not Connected   [not-connected]" in shown.err


def test_one_that_is_not_there_is_exit_three(quick: Stage) -> None:
    """Nothing is written then, as the list would be short of one."""
    planted(quick)

    refused(quick.type(f"show --ids {HARBOR} {at('quay')}"), "AZK8S0405", exit_code=3)
    refused(quick.type(f"show --ids {at('harbor', SECOND_SUBSCRIPTION)}"), "AZK8S0405", exit_code=3)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "missing option '--name' / '-n'"),
        (f"--ids {HARBOR} -n harbor", "--ids stands alone, without -n"),
        (f"--ids {HARBOR} -n harbor -g edge", "--ids stands alone, without -n and -g"),
        (f"--ids {HARBOR} --subscription Sandbox", "--ids stands alone, without --subscription"),
        ("--ids", "--ids needs the id of a connected cluster"),
        ("--ids ''", "--ids needs the id of a connected cluster"),
        ("--ids harbor", "this is not the id of a connected cluster: harbor"),
        (f"--ids {HARBOR} /subscriptions/s/resourceGroups/edge", "this is not the id of a"),
        (f"--ids {HARBOR}/providers/x/extensions/y", "this is not the id of a"),
    ],
)
def test_what_names_no_cluster_is_refused_at_once(
    quick: Stage, verb: str, words: str, said: str
) -> None:
    """Exit 2, before anybody is asked and anything is done."""
    ended = quick.type(f"{verb} {words}")

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "\ntry  " in ended.err
    assert quick.requests("arm") + changes(quick) == []


def test_agents_are_those_of_one_cluster(quick: Stage) -> None:
    """A kubeconfig leads to one."""
    planted(quick)

    several = quick.type(f"show --agents --ids {HARBOR} {DEPOT}")

    refused(several, "usage", exit_code=2, said="--agents looks into one cluster")


def test_default_groups_are_nobodys_saying(quick: Stage) -> None:
    """az's default group is not typed, so it stands in nobody's way."""
    planted(quick)

    assert quick.well(f"show --ids {HARBOR}", AZURE_DEFAULTS_GROUP="other").data["name"] == "harbor"


@pytest.mark.parametrize("named", ["--ids {id}", "-n harbor -g edge --subscription 'Sandbox Two'"])
def test_the_next_command_names_the_subscription_where_it_must(quick: Stage, named: str) -> None:
    """Typed as it is printed it means the same cluster; where it is the default, that goes without."""
    other = at("harbor", SECOND_SUBSCRIPTION)
    group = {"name": "edge", "location": "westeurope", "subscriptionId": SECOND_SUBSCRIPTION}
    quick.seed(groups=[group])
    quick.seed(resources=[{"id": other, "location": "westeurope", "properties": OFFLINE}])
    words = named.format(id=other)

    ended = quick.type(f"show {words} --exit-status")
    here = quick.type(f"show {words} --exit-status", AZURE_SUBSCRIPTION_ID=SECOND_SUBSCRIPTION)
    absent = quick.type(f"update {words.replace('harbor', 'quay')} --tags a=b")

    command = f"show -n harbor -g edge --subscription {SECOND_SUBSCRIPTION} --agents"
    assert f"try    arcctl {command}\n" in ended.err
    assert "try    arcctl show -n harbor -g edge --agents\n" in here.err
    assert f"try    arcctl list -g edge --subscription {SECOND_SUBSCRIPTION}\n" in absent.err
    assert quick.type(command.removesuffix(" --agents")).data["id"] == other
