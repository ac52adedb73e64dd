"""Stories of `arcctl upgrade` (`connectedk8s.md` A.4, B.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories import changing
from tests.stories.changing import HARBOR, deployed, given, key, revisions, written
from tests.stories.refusals import changes, refused
from tests.stories.spying import spy_on_helm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.matrix.beginnings import Theatre
    from tests.stage import Stage

UPGRADE = f"upgrade {HARBOR}"


@pytest.fixture
def older(theatre: Theatre) -> Iterator[Stage]:
    """Harbor with agents 1.34.2 that do not upgrade themselves."""
    theatre.begin(changing.older)
    theatre.stage.within(theatre.stage.world.journal.clear)
    yield theatre.stage
    theatre.stage.extra.clear()


def version(stage: Stage) -> str:
    """The version of the chart that is deployed."""
    return str(deployed(stage)["chart"]["metadata"]["version"])


def test_agents_become_the_newest_of_the_train(stage: Stage) -> None:
    """Old and new version are said; proxy and choices are kept; the resource is not written."""
    changing.older(stage)
    before = given(stage)

    ended = stage.well(UPGRADE)

    assert ended.data == "Upgraded: harbor (edge), agents 1.34.2 → 1.36.1."
    assert "1.36.1, 11 of 11 ready" in ended.err
    assert (version(stage), given(stage)) == ("1.36.1", before)
    assert written(stage) == []
    assert stage.well(f"show {HARBOR} --exit-status").code == 0


def test_the_version_that_they_have_is_success_without_helm(older: Stage) -> None:
    """Nothing is written, and it says that there was nothing to do."""
    ended = older.well(f"{UPGRADE} --agent-version 1.34.2")

    assert ended.data == "Nothing to upgrade: harbor (edge) has agents 1.34.2."
    assert changes(older) == []


def test_an_older_version_is_warned_of_and_gets_its_key(older: Stage) -> None:
    """A chart before 1.35.3 writes the key itself, so helm is given it; the key stays the same."""
    older.well(UPGRADE)
    before = key(older)

    ended = older.well(f"{UPGRADE} --agent-version 1.34.2")

    assert "warning  1.34.2 is older than the agents, which are 1.36.1" in ended.err
    assert (version(older), key(older)) == ("1.34.2", before)
    assert older.well(f"show {HARBOR} --exit-status").code == 0


def test_a_cluster_of_the_newer_kind_goes_back_to_an_older_chart(connected: Stage) -> None:
    """Its key was never a value, and is taken from the cluster."""
    connected.well(f"{changing.CONNECT} --disable-auto-upgrade")
    before = key(connected)

    connected.well(f"{UPGRADE} --agent-version 1.34.2")

    assert (version(connected), key(connected)) == ("1.34.2", before)


def test_agents_that_upgrade_themselves_are_left_alone(connected: Stage) -> None:
    """Refused with the command that changes it."""
    refused(connected.type(UPGRADE), "auto-upgrade-on", said="--auto-upgrade false")

    assert changes(connected) == []


def test_no_value_is_seen_by_anybody_but_helm(older: Stage) -> None:
    """The key and the proxy's password stand in the release: neither in argv nor on a stream."""
    script, seen = spy_on_helm(older.folder, older.helm)
    secrets = (changing.PROXY, key(older))

    ended = older.well(f"{UPGRADE} --debug", ARCCTL_HELM=str(script))

    told = seen.read_text()
    assert "upgrade" in told
    assert [each for each in secrets if each in told + ended.out + ended.err] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--agent-version v1.36", "reads like 1.36.1"),
        ("--upgrade-timeout soon", "write seconds (1200)"),
    ],
)
def test_words_that_mean_nothing_are_usage(older: Stage, words: str, said: str) -> None:
    """A whole number of seconds or `20m`, and a version."""
    refused(older.type(f"{UPGRADE} {words}"), "AZK8S0100", exit_code=2, said=said)

    assert changes(older) == []


def test_a_version_that_is_not_there_changes_nothing(older: Stage) -> None:
    """The chart is fetched before helm is let near the release."""
    refused(older.type(f"{UPGRADE} --agent-version 1.99.0"), "AZK8S0502")

    assert changes(older) == []


def test_agents_that_never_are_ready_are_rolled_back(stage: Stage) -> None:
    """To the version before, which is said with the reason; healed, the next try ends well."""
    changing.older(stage)
    stage.within(lambda: stage.cluster.trouble("ImagePullBackOff", prefix="extension-events"))

    ended = stage.type(f"{UPGRADE} --upgrade-timeout 2")

    refused(ended, "AZK8S0513", said="extension-events-collector: ImagePullBackOff")
    assert "rolled back: the agents are 1.34.2 as of revision 1 again, 10 of 10" in ended.err
    assert version(stage) == "1.34.2"
    stage.within(stage.cluster.heal)
    assert stage.well(f"{UPGRADE} --upgrade-timeout 20m").data.endswith("1.34.2 → 1.36.1.")


def test_a_rollback_that_fails_is_told(stage: Stage) -> None:
    """What went wrong comes first, then that the way back failed too; typed again, it goes on."""
    changing.older(stage)
    stage.within(lambda: stage.cluster.trouble("NeverReady", prefix="extension-events"))
    records = {"method": "POST", "path": "azure-arc-release/secrets$", "skip": 1}
    stage.fault("kubernetes", {"status": 500}, times=None, **records)

    ended = stage.type(f"{UPGRADE} --upgrade-timeout 2")

    refused(ended, "AZK8S0514", said="rolling back failed as well: helm could not roll")
    stage.within(stage.world.faults.remove)
    stage.within(stage.cluster.heal)
    assert stage.well(UPGRADE).code == 0
    assert (version(stage), len(revisions(stage))) == ("1.36.1", 2)


def test_a_train_without_a_chart_is_told(older: Stage) -> None:
    """RELEASETRAIN names it, as for the peer; preview is another one that there is."""
    refused(older.type(UPGRADE, RELEASETRAIN="nightly"), "BadRequest", said="nightly")

    assert older.well(UPGRADE, RELEASETRAIN="preview").code == 0
