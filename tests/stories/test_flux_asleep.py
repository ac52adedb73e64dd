"""Arc's half of Flux, which a move scales to zero with the agents, is looked after like them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories import moved
from tests.stories.refusals import FORBIDDEN
from tests.stories.symptoms import change, merge
from tests.stories.test_history_close_asleep import typed

if TYPE_CHECKING:
    from tests.stage import Stage

CHECK = "check -n harbor -g edge --timeout 60"
SHOW = "show -n harbor -g edge --agents"
FLUX = ("fluxconfig-agent", "fluxconfig-controller")
WAKE = "kubectl scale -n flux-system --replicas=1 deployment fluxconfig-agent fluxconfig-controller"


def asleep(stage: Stage) -> None:
    """Scale Arc's half of Flux to zero, and nothing else."""
    for name in FLUX:
        change("deployments", "flux-system", name, spec={"replicas": 0})(stage)


def test_check_names_them_with_the_command_that_works(harbor: Stage) -> None:
    """The cluster is not well, until the command is typed."""
    asleep(harbor)

    ended = harbor.type(CHECK)

    assert (ended.code, ended.data["diagnosis"]["word"]) == (5, "agents-unwell"), ended.err
    [finding] = [each for each in ended.data["findings"] if each["code"] == "agents-asleep"]
    assert finding["detail"].endswith(", ".join(FLUX))
    assert finding["remedy"] == [WAKE]
    typed(harbor, WAKE)
    assert moved.asleep(harbor) == []


def test_check_names_one_command_for_each_namespace(harbor: Stage) -> None:
    """Agents of both are at zero."""
    asleep(harbor)
    change("deployments", "azure-arc", "config-agent", spec={"replicas": 0})(harbor)

    ended = harbor.type(CHECK)

    [finding] = [each for each in ended.data["findings"] if each["code"] == "agents-asleep"]
    scale = "kubectl scale -n azure-arc --replicas=1 deployment config-agent"
    assert finding["remedy"][:2] == [scale, WAKE]


def test_agents_are_told_where_flux_may_not_be_read(harbor: Stage) -> None:
    """The kubeconfig reads namespace `azure-arc` only."""
    asleep(harbor)
    change("deployments", "azure-arc", "config-agent", spec={"replicas": 0})(harbor)
    path = "/namespaces/flux-system/"
    harbor.fault("kubernetes", FORBIDDEN, method="GET", path=path, times=None)

    ended = harbor.type(CHECK)

    [finding] = [each for each in ended.data["findings"] if each["code"] == "agents-asleep"]
    scale = "kubectl scale -n azure-arc --replicas=1 deployment config-agent"
    assert finding["remedy"][0] == scale, finding
    assert len(harbor.well(SHOW).data["agents"]) > len(FLUX)


def test_show_lists_them(harbor: Stage) -> None:
    """They are well, and not any more once they are at zero."""
    before = {each["name"]: each for each in harbor.well(SHOW).data["agents"]}
    asleep(harbor)
    after = {each["name"]: each for each in harbor.well(SHOW).data["agents"]}

    assert all(before[name]["healthy"] for name in FLUX)
    assert [after[name]["reason"] for name in FLUX] == ["scaled to zero"] * 2
    assert not any(after[name]["healthy"] for name in FLUX)


def test_connect_warns_of_them(harbor: Stage) -> None:
    """It does not scale them back, and says what does."""
    asleep(harbor)

    ended = harbor.well("connect -n harbor -g edge -l eastus --skip-prechecks")

    assert "fluxconfig-agent, fluxconfig-controller of flux-system" in ended.err
    assert WAKE in ended.err
    assert moved.asleep(harbor) == list(FLUX)


def test_what_others_run_at_zero_is_theirs(harbor: Stage) -> None:
    """Flux's own controllers, and workloads beside the agents: a move leaves both alone."""
    harbor.within(
        lambda: merge(
            harbor, "deployments", "flux-system", "notification-controller", spec={"replicas": 0}
        )
    )

    ended = harbor.type(CHECK)

    assert ended.code == 0, ended.err
    assert "scaled to zero" not in ended.err


@pytest.mark.parametrize("line", [CHECK, SHOW])
def test_a_cluster_without_flux_misses_nothing(connected: Stage, line: str) -> None:
    """No extension of Flux is installed."""
    ended = connected.well(line)

    assert "fluxconfig" not in ended.out + ended.err
