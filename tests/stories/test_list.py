"""Stories of `arcctl list` (issue section 5): pages, scopes, and ten thousand clusters."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from tests.stage import Stage

MEGABYTE = 1024  # of what the kernel counts in KiB
LIMIT = 150 * MEGABYTE


def names(stage: Stage, line: str) -> list[str]:
    """The names that a listing has, in order."""
    return [each["name"] for each in stage.well(line).data]


def test_pages_are_followed_to_the_end(quick: Stage) -> None:
    """25 clusters in pages of ten, the first of them empty; ids may come in another case."""
    quick.seed(clusters=[{"name": "cabin", "group": "edge", "count": 25}], pageSize=10)
    empty = quick.fault("arm", {"empty_page": True}, path="connectedClusters$")
    mangled = quick.fault("arm", {"mangle_ids": True}, path="connectedClusters$", skip=1)

    found = quick.well("list").data

    assert [each["name"] for each in found] == [f"cabin-{n:05}" for n in range(1, 26)]
    assert {each["resourceGroup"].lower() for each in found} == {"edge"}
    assert [quick.happened(empty), quick.happened(mangled)] == [1, 1]


def test_a_group_is_a_narrower_scope(quick: Stage) -> None:
    """With -g only its own, without it the subscription's, in the other one nothing."""
    quick.seed(clusters=[{"name": "harbor", "group": "edge"}, {"name": "depot", "group": "inland"}])

    other = "--subscription 00000000-0000-0000-0000-000000000002"
    assert names(quick, "list -g edge") == ["harbor"]
    assert sorted(names(quick, "list")) == ["depot", "harbor"]
    assert names(quick, f"list {other}") == []


def test_a_group_that_is_not_there_is_exit_three(quick: Stage) -> None:
    """As az has it, with ARM's own code."""
    ended = quick.type("list -g nowhere")

    assert (ended.code, "[ResourceGroupNotFound]" in ended.err) == (3, True)


def test_a_list_that_breaks_off_writes_no_half_json(quick: Stage) -> None:
    """Its second page stays broken: nothing in the pipe, an error with a code, exit 1."""
    quick.seed(clusters=[{"name": "cabin", "group": "edge", "count": 25}], pageSize=10)
    broken = quick.fault("arm", {"truncate": 40}, path="connectedClusters$", skip=1, times=None)

    ended = quick.type("list")

    assert quick.happened(broken) > 1
    assert (ended.code, ended.out) == (1, "")
    assert "[azure-not-json]" in ended.err


def test_a_table_has_a_line_for_each(quick: Stage) -> None:
    """The same at a terminal, where nobody asked for a format."""
    quick.seed(clusters=[{"name": "cabin", "group": "edge", "count": 3}])

    head, _, *rows = quick.well("list -o table").out.splitlines()

    assert head.split()[:3] == ["Name", "Location", "ResourceGroup"]
    assert [row.split()[0] for row in rows] == ["cabin-00001", "cabin-00002", "cabin-00003"]
    assert "cabin-00003" in typed_at_a_terminal(quick, "list").out


def test_ten_thousand_clusters_need_little_memory(quick: Stage) -> None:
    """They go out as they come in: at its largest, the process holds no more than 150 MB."""
    quick.seed(clusters=[{"name": "cabin", "group": "fleet", "count": 10_000}], pageSize=1000)
    # A process counts the memory of the one that started it, so a small one starts it.
    script = (
        "import resource, subprocess, sys\n"
        "code = subprocess.run(sys.argv[1:], stdout=open('clusters.json', 'wb')).returncode\n"
        "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, sys.executable, "-m", "arcctl", "list", "-o", "json"],
        env=quick.environment,
        cwd=quick.folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    code, kilobytes = map(int, done.stdout.split())

    written = (quick.folder / "clusters.json").read_text()
    assert (code, written.count('"connectivityStatus"')) == (0, 10_000)
    assert kilobytes < LIMIT


def test_a_reader_that_goes_away_ends_the_list_quietly(quick: Stage) -> None:
    """As in `arcctl list | head -1`: no error, and exit 0."""
    quick.seed(
        groups=[{"name": "edge", "location": "westeurope"}],
        clusters=[{"name": "cabin", "group": "edge", "count": 2000}],
    )
    with quick.start("list") as process:
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()

    assert (first, said, process.returncode) == ("[\n", "", 0)
