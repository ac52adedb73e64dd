"""Stories of the shell's completion (issue 5 section 1): what Tab offers, and what it never does."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.stage import Ended, Stage


def tab(stage: Stage, line: str, **environ: str) -> Ended:
    """Press Tab at the end of a line, in bash; a blank at its end begins another word."""
    words = line.split()
    at = len(words) if line.endswith(" ") else len(words) - 1
    asked = {"_ARCCTL_COMPLETE": "complete_bash", "COMP_CWORD": str(at)}
    return stage.type_apart("", COMP_WORDS=line, **asked, **environ)


def offered(stage: Stage, line: str, **environ: str) -> list[str]:
    """What is offered; nothing else may be printed, whatever happens."""
    ended = tab(stage, line, **environ)
    assert (ended.code, ended.err) == (0, "")
    return ended.out.split()


def signed_in(stage: Stage) -> None:
    """Leave a token from an earlier command."""
    stage.seed(
        groups=[{"name": "fleet", "location": "eastus"}],
        clusters=[
            {"name": name, "group": group, "location": "westeurope"}
            for name, group in (("harbor", "edge"), ("harvest", "farm"), ("depot", "edge"))
        ],
    )
    stage.well("list")


def test_names_are_those_in_azure(quick: Stage) -> None:
    """Of the subscription, or of the group that was typed before or that az's default names."""
    signed_in(quick)

    assert sorted(offered(quick, "arcctl show -n ")) == ["depot", "harbor", "harvest"]
    assert offered(quick, "arcctl show -g edge --name har") == ["harbor"]
    assert sorted(offered(quick, "arcctl delete --yes -n h")) == ["harbor", "harvest"]
    assert offered(quick, "arcctl move -n h", AZURE_DEFAULTS_GROUP="farm") == ["harvest"]
    assert offered(quick, "arcctl show --subscription no-such -n ") == []


def test_ids_and_groups_are_those_in_azure(quick: Stage) -> None:
    """Groups without clusters as well."""
    signed_in(quick)

    assert sorted(offered(quick, "arcctl connect -n x -g ")) == ["edge", "farm", "fleet"]
    assert sorted(offered(quick, "arcctl config list -n x -g f")) == ["farm", "fleet"]
    assert [each.rpartition("/")[2] for each in offered(quick, "arcctl wait -g farm --ids ")] == [
        "harvest"
    ]


def test_regions_are_those_of_the_service(quick: Stage) -> None:
    """In the short spelling."""
    signed_in(quick)

    assert offered(quick, "arcctl connect -l westeu") == ["westeurope"]
    assert offered(quick, "arcctl move --target-region northeu") == ["northeurope"]


def test_contexts_are_those_of_the_kubeconfig(two_clusters: Stage) -> None:
    """The one that was named, or the usual one; neither Azure nor the clusters are asked."""
    assert offered(two_clusters, "arcctl show --kube-context ") == ["sandbox", "sandbox-2"]
    assert offered(two_clusters, "arcctl show --kube-config none --kube-context ") == []
    (two_clusters.folder / "broken").write_text("contexts: [1, {")
    assert offered(two_clusters, "arcctl show --kube-config broken --kube-context ") == []
    assert two_clusters.requests("arm") + two_clusters.requests("entra") == []


def test_words_that_are_known_need_nobody(quick: Stage) -> None:
    """Formats, kinds of progress, distributions; what has blanks in it is left to the person."""
    assert offered(quick, "arcctl list -o y") == ["yaml", "yamlc"]
    assert offered(quick, "arcctl show --progress j") == ["json"]
    assert offered(quick, "arcctl connect --distribution aks_e") == [
        "aks_engine",
        "aks_edge_k3s",
        "aks_edge_k8s",
    ]
    assert offered(quick, "arcctl connect --infrastructure W") == []
    assert quick.requests("arm") + quick.requests("entra") == []


def test_nobody_is_signed_in_for_it(quick: Stage) -> None:
    """Without a token from an earlier command nothing is offered, and no login is asked."""
    quick.seed(clusters=[{"name": "harbor", "group": "edge", "location": "westeurope"}])

    assert offered(quick, "arcctl show -n ") == []
    assert quick.requests("entra") + quick.requests("arm", "GET") == [
        each for each in quick.requests("arm", "GET") if "metadata" in each
    ]


def test_trouble_is_met_with_silence(quick: Stage) -> None:
    """An error is not tried again, a refused token is not renewed."""
    signed_in(quick)
    began = len(quick.requests("entra"))
    for status in (503, 429, 403, 401):
        fault = quick.fault("arm", {"status": status}, path="connectedClusters", times=None)
        assert offered(quick, "arcctl show -n ") == []
        assert quick.happened(fault) == 1
        quick.within(quick.world.faults.remove)

    assert len(quick.requests("entra")) == began


@pytest.mark.parametrize("where", ["the cloud", "the list"])
def test_nobody_waits_for_an_azure_that_is_silent(quick: Stage, where: str) -> None:
    """It ends by itself, long before the answer comes."""
    signed_in(quick)
    quick.fault("arm", {"delay": 60}, path="connectedClusters", times=None)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cloud = f"https://127.0.0.1:{silent.getsockname()[1]}"
        line = f"arcctl show --cloud {cloud} -n " if where == "the cloud" else "arcctl show -n "
        assert offered(quick, line) == []


@pytest.mark.parametrize(
    ("shell", "environ", "answer"),
    [
        ("zsh", {"_TYPER_COMPLETE_ARGS": "arcctl show -n har"}, '"harbor"'),
        (
            "fish",
            {
                "_TYPER_COMPLETE_ARGS": "arcctl show -n har",
                "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            },
            "harbor\n",
        ),
        (
            "powershell",
            {
                "_TYPER_COMPLETE_ARGS": "arcctl show -n har",
                "_TYPER_COMPLETE_WORD_TO_COMPLETE": "har",
            },
            "harbor:::",
        ),
    ],
)
def test_every_shell_is_answered_in_its_own_way(
    quick: Stage, shell: str, environ: dict[str, str], answer: str
) -> None:
    """As its script asks."""
    signed_in(quick)

    ended = quick.type_apart("", _ARCCTL_COMPLETE=f"complete_{shell}", **environ)

    assert (ended.code, ended.err) == (0, "")
    assert answer in ended.out


def test_bash_completes_with_the_installed_script(quick: Stage) -> None:
    """A real bash, the script as it was installed, and the word that it fills in."""
    signed_in(quick)
    installed = quick.well("--install-completion bash")
    program = quick.folder / "arcctl"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m arcctl "$@"\n')
    program.chmod(0o755)
    script = quick.folder / "home" / ".bash_completions" / "arcctl.sh"
    typed = (
        f"source {script}; COMP_WORDS=(arcctl show -n har); COMP_CWORD=3; "
        f"_arcctl_completion {program}; echo ${{COMPREPLY[@]}}"
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", typed],
        env=quick.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (installed.out, "new terminals" in installed.err) == ("", True)
    assert (done.stdout.split(), done.stderr) == (["harbor", "harvest"], "")
