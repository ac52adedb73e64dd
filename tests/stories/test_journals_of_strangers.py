"""Journals that somebody else has written, in the cluster or in the state folder: nothing in them leads anywhere else."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.half_done import half_done, in_cluster, refusing
from tests.stories.moved import GIVEN, MOVE, stopped
from tests.stories.refusals import refused
from tests.stories.symptoms import merge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stage import Stage

AWAY = "../../../../scratch/x"
ODD: tuple[Any, ...] = (None, 7, True, "text", [], ["a"], {}, {"a": 1})


def local(stage: Stage, run: str) -> Path:
    """This machine's copy."""
    return stage.folder / "home" / "arcctl" / "state" / "runs" / run / "journal.jsonl"


def plant(stage: Stage, run: str, lines: list[Any], **labels: str) -> None:
    """Write the cluster's copy as somebody else would."""
    text = "".join(f"{json.dumps(each)}\n" for each in lines)
    data = {"journal": base64.b64encode(gzip.compress(text.encode())).decode()}
    changed: dict[str, Any] = {"data": data}
    if labels:
        changed["metadata"] = {"labels": {"arcctl/run": None, **labels}}
    name = f"arcctl-run-{run}-journal"
    stage.within(lambda: merge(stage, "secrets", "arcctl", name, **changed))


def written(stage: Stage, run: str) -> list[dict[str, Any]]:
    """The lines of this machine's copy."""
    return [json.loads(each) for each in local(stage, run).read_text().splitlines()]


def everything(stage: Stage) -> set[Path]:
    """The files of this machine."""
    return {each for each in stage.folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize("typed", ["resume {run}", "rollback {run}", "history {run} --close --yes"])
@pytest.mark.parametrize("here", [True, False], ids=["both copies", "the cluster's"])
def test_a_journal_that_calls_its_run_a_path_writes_nowhere(
    quick: Stage, typed: str, here: bool
) -> None:
    """It is damaged, by its name; nothing is written that was not there."""
    run = half_done(quick)
    header, *entries = written(quick, run)
    lines = [header | {"run": AWAY}, *entries]
    plant(quick, run, lines)
    if here:
        local(quick, run).write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    else:
        local(quick, run).unlink()
    before = everything(quick)

    ended = quick.type(typed.format(run=run))

    assert "Traceback" not in ended.err
    assert {each for each in everything(quick) - before if each.name != "lock"} == set()
    if "--close" in typed:
        assert (ended.code, in_cluster(quick)) == (5, []), ended.err
    else:
        refused(ended, "journal-damaged", said=f"arcctl history {run} --close")


@pytest.mark.parametrize("label", ["", "another-run", "No.Name_"])
def test_a_secret_whose_label_is_not_its_journals_run_is_damaged(quick: Stage, label: str) -> None:
    """`history` shows it as unreadable, and whoever wants the cluster is told what to type."""
    run = half_done(quick)
    local(quick, run).unlink()
    plant(quick, run, written_again(quick, run), **({"arcctl/run": label} if label else {"a": "b"}))

    listed = quick.well("history")
    ended = quick.type("config apply -n harbor -g edge --file harbor.yaml --yes")

    assert [each["outcome"].startswith("unreadable") for each in listed.data] == [True]
    refused(ended, "journal-damaged", said="kubectl delete secret")


def written_again(stage: Stage, run: str) -> list[dict[str, Any]]:
    """The lines of the cluster's copy."""
    name = f"arcctl-run-{run}-journal"
    found = stage.within(lambda: stage.cluster.store.get(KINDS["secrets"].key, "arcctl", name))
    assert found
    text = gzip.decompress(base64.b64decode(found["data"]["journal"])).decode()
    return [json.loads(each) for each in text.splitlines()]


@pytest.mark.parametrize("typed", ["resume {}", "rollback {}", "history {}", "history {} --close"])
@pytest.mark.parametrize("name", [AWAY, "/tmp/x", "..", "a/b", "A", "a b", "x" * 64, "a\nb"])
def test_a_name_that_no_run_can_have_is_unknown(quick: Stage, typed: str, name: str) -> None:
    """Whatever the command, and nothing is opened under it."""
    before = everything(quick)

    ended = quick.type(typed.format(f"'{name}'") + (" --yes" if "close" in typed else ""))

    refused(ended, "run-unknown", exit_code=3, said="arcctl history")
    assert everything(quick) == before


def pipe(file: Path) -> None:
    """One that nobody writes to."""
    os.mkfifo(file)


def endless(file: Path) -> None:
    """What never ends."""
    file.symlink_to("/dev/zero")


def huge(file: Path) -> None:
    """A file of a tebibyte, all of it holes."""
    with file.open("wb") as stream:
        stream.truncate(1 << 40)


@pytest.mark.parametrize("instead", [pipe, endless, huge])
@pytest.mark.parametrize("file", ["journal.jsonl", "children.json", "lock"])
def test_what_is_no_ordinary_file_is_no_copy_of_a_run(
    quick: Stage, instead: Callable[[Path], None], file: str
) -> None:
    """It is not waited for, nor read to an end it has not; the cluster's copy serves."""
    run = half_done(quick)
    folder = local(quick, run).parent
    (folder / file).unlink()
    instead(folder / file)

    listed = quick.well("history")
    shown = quick.type("show -n harbor -g edge")
    ended = quick.type(f"resume {run}")

    assert [each["run"] for each in listed.data] == [run]
    assert shown.code == 0, shown.err
    if file == "lock" and instead is not huge:
        refused(ended, "state-folder")
    else:
        assert ended.code == 0, ended.err


@pytest.mark.parametrize("seed", range(12))
def test_odd_types_in_a_journal_break_no_command(quick: Stage, seed: int) -> None:
    """Numbers for text, lists for objects, null: words, and `history --close` ends the run."""
    dice = random.Random(seed)
    run = half_done(quick)
    lines = written(quick, run)
    spoil(dice, lines)
    plant(quick, run, lines)
    local(quick, run).write_text("".join(f"{json.dumps(each)}\n" for each in lines))

    for line in ("history", f"history {run}", "show -n harbor -g edge", f"resume {run}"):
        ended = quick.type(line)
        assert "AZK8S0001" not in ended.err, (lines, ended.err)
        assert "Traceback" not in ended.err
    if in_cluster(quick):
        closed = quick.type(f"history {run} --close --yes")
        assert closed.code in (0, 5), (lines, closed.err)
    assert in_cluster(quick) == []


def spoil(dice: random.Random, lines: list[Any]) -> None:
    """Put something odd into one place of a journal, however deep."""
    at: Any = lines
    key: Any = dice.randrange(len(lines))
    value = lines[key]
    while isinstance(value, dict | list) and value and dice.random() < 0.8:
        at = value
        key = dice.choice(list(value) if isinstance(value, dict) else range(len(value)))
        value = at[key]
    at[key] = dice.choice([each for each in ODD if type(each) is not type(value)])


def rewrite(stage: Stage, run: str, name: str, **odd: Any) -> None:
    """Change a document of a run in the cluster, and its digest in the journal with it."""
    secret = f"arcctl-run-{run}-{name}"
    kept = stage.within(lambda: stage.cluster.store.get(KINDS["secrets"].key, "arcctl", secret))
    document = json.loads(gzip.decompress(base64.b64decode(kept["data"][name])))
    text = json.dumps(document | odd).encode()
    data = {name: base64.b64encode(gzip.compress(text)).decode()}
    stage.within(lambda: merge(stage, "secrets", "arcctl", secret, data=data))
    lines = written_again(stage, run)
    opened = next(each["detail"]["documents"] for each in lines if each.get("kind") == "opened")
    opened[name]["sha256"] = sha256(text).hexdigest()
    plant(stage, run, lines)


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("plan", {"rows": "text"}),
        ("plan", {"rows": [{"subject": 7}]}),
        ("plan", {"seconds": "soon"}),
        ("bundle", {"source": "/tmp/not-an-id"}),
        ("bundle", {"source": None}),
    ],
    ids=repr,
)
def test_documents_of_another_shape_are_damaged(
    harbor: Stage, name: str, odd: dict[str, Any]
) -> None:
    """Told so by `resume`, before or after the rest is done; `history --close` ends the run."""
    refusing(harbor)
    run = stopped(harbor.type(MOVE), "children-failed")
    harbor.within(harbor.world.faults.remove)
    rewrite(harbor, run, name, **odd)

    ended = harbor.type(f"resume {run} {GIVEN} --yes", **elsewhere(harbor))
    closed = harbor.type(f"history {run} --close --yes --export {run}", **elsewhere(harbor))

    assert (ended.code in (1, 6), "[document-damaged]" in ended.err) == (True, True), ended.err
    assert (closed.code, in_cluster(harbor)) == (5 if name == "bundle" else 0, []), closed.err


def elsewhere(stage: Stage) -> dict[str, str]:
    """Another machine, which has no copy of any run yet."""
    return {"ARCCTL_HOME": str(stage.folder / "home" / "elsewhere")}


@pytest.mark.parametrize("times", [1, 2], ids=["at once", "after its copy was brought here"])
def test_a_journal_says_no_machine_where_to_write(harbor: Stage, times: int) -> None:
    """Only the machine on which `--report` was typed writes the report there; others say so."""
    refusing(harbor)
    run = stopped(harbor.type(f"{MOVE} --report report.md"), "children-failed")
    precious = harbor.folder / "precious.md"
    precious.write_text("mine")
    lines = written_again(harbor, run)
    fact = next(each for each in lines if each.get("step") == "report-file")
    plant(harbor, run, [*lines, {**fact, "at": lines[-1]["at"], "detail": str(precious)}])

    for left in reversed(range(times)):
        if not left:
            harbor.within(harbor.world.faults.remove)
        ended = harbor.type(f"resume {run} {GIVEN}", **elsewhere(harbor))

    assert ended.code == 0, ended.err
    assert f"The report is not written: {precious} was not typed on this machine" in ended.err
    assert precious.read_text() == "mine"
    harbor.well(f"resume {run} --report now.md", **elsewhere(harbor))
    assert "## Carried" in (harbor.folder / "now.md").read_text()


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("azure-arc/deployments/clusterconnect-agent", 5000),
        ("azure-arc/deployments/clusterconnect-agent", -1),
        ("azure-arc/deployments/clusterconnect-agent", True),
        ("kube-system/deployments/coredns", 0),
        ("azure-arc/deployments/../../kube-system/deployments/coredns", 0),
    ],
)
def test_a_journal_scales_nothing_but_agents(harbor: Stage, path: str, count: int) -> None:
    """Nor to any number; such a copy is damaged, and nothing is changed."""
    refusing(harbor)
    run = stopped(harbor.type(MOVE), "children-failed")
    lines = written_again(harbor, run)
    fact = next(each for each in lines if each.get("step") == "replicas")
    counts = {**fact["detail"], f"/apis/apps/v1/namespaces/{path}": count}
    plant(harbor, run, [*lines, {**fact, "at": lines[-1]["at"], "detail": counts}])

    ended = harbor.type(f"resume {run} {GIVEN}", **elsewhere(harbor))

    refused(ended, "journal-damaged", said=f"arcctl history {run} --close")


def test_more_replicas_than_a_journal_says_are_reported(harbor: Stage) -> None:
    """An agent that somebody has scaled far up comes back smaller, and the report names it."""
    name = "clusterconnect-agent"
    harbor.within(lambda: merge(harbor, "deployments", "azure-arc", name, spec={"replicas": 101}))

    ended = harbor.type(MOVE)

    assert (ended.code, f"{name} had 101 replicas" in ended.err) == (5, True), ended.err
