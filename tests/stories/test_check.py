"""Stories of `arcctl check` (issue section 3): everything asked, nothing changed."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from tests.architecture.source import ROOT
from tests.model.schemas import breaches
from tests.stories import moving
from tests.stories.pasting import mistakes
from tests.stories.refusals import changes, refused
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    import subprocess

    from tests.stage import Stage

CHECK = "check -n harbor -g edge"
SCHEMA = json.loads((ROOT / "docs/reference/check.schema.json").read_text(encoding="utf-8"))


def verdicts(document: dict[str, Any], verdict: str) -> list[str]:
    """The codes of the findings with one verdict."""
    return [each["code"] for each in document["findings"] if each["verdict"] == verdict]


def test_a_healthy_cluster_fails_no_question(harbor: Stage) -> None:
    """With extensions and Flux in it; the only note is the sandbox's own address."""
    ended = harbor.well(CHECK)

    assert (verdicts(ended.data, "fail"), verdicts(ended.data, "skip")) == ([], [])
    assert verdicts(ended.data, "warn") == ["kubeconfig-loopback"]
    assert ended.data["diagnosis"] == {
        "word": "healthy",
        "sentence": "harbor is connected and well",
    }
    assert ended.err == ""


def test_nothing_is_changed(harbor: Stage) -> None:
    """No request writes to Azure or to the cluster, whatever is asked."""
    untouched = changes(harbor)

    harbor.well(CHECK)
    for command in ("connect", "delete", "upgrade", "move --target-region westeurope"):
        harbor.type(f"{CHECK} --before {command}")

    assert changes(harbor) == untouched


def test_what_is_written_fits_the_published_schema(harbor: Stage) -> None:
    """Well or ill, all questions or those before a command."""
    well = harbor.well(CHECK).data
    before = harbor.type(f"{CHECK} --before move --target-region westeurope").data
    absent = harbor.type("check -n nobody -g edge").data

    for document in (well, before, absent):
        assert list(breaches(SCHEMA, document, "check")) == []
    assert list(breaches(SCHEMA, well | {"more": 1}, "check")) != []


def test_a_person_reads_it_by_category(harbor: Stage) -> None:
    """A line for each answer, and one sentence at the end that says how things stand."""
    screen = typed_at_a_terminal(harbor, CHECK)
    lines = screen.out.splitlines()

    assert screen.code == 0
    assert "identity and certificates" in lines
    assert "  ✓ identity certificate is there" in lines
    assert lines[-1].startswith("harbor is connected and well. ")
    assert "1 note" in lines[-1]


def test_what_is_wrong_is_told_with_cause_and_next_command(harbor: Stage) -> None:
    """The verdict with its code, the evidence, the command; at the end the diagnosis, and exit 5."""
    harbor.fault("arm", {"patch_body": OFFLINE}, method="GET", path="/harbor$", times=None)

    screen = typed_at_a_terminal(harbor, CHECK)

    assert screen.code == 5
    assert "✗ Azure receives heartbeats now" in screen.out
    assert "[egress-lost]" in screen.out
    assert "→ arcctl check -n harbor -g edge --inside" in screen.out
    assert "harbor is cut off: its agents are ready, but Azure receives no heartbeat." in screen.out
    assert screen.out.count("Azure has received no heartbeat for 15") == 1


OFFLINE = {"properties": {"connectivityStatus": "Offline"}}


def test_the_table_has_a_line_for_each_finding(harbor: Stage) -> None:
    """Category, question, verdict, code, detail."""
    head, _, first, *_ = harbor.well(f"{CHECK} --only clock -o table").out.splitlines()

    assert head.split() == ["Category", "Check", "Verdict", "Code", "Detail"]
    assert first.split()[0] == "clock"


def test_only_asks_the_categories_that_are_named(harbor: Stage) -> None:
    """May be repeated; no other question is asked."""
    document = harbor.well(f"{CHECK} --only clock --only versions").data

    assert {each["category"] for each in document["findings"]} == {"clock", "versions"}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--only nothing", "one of sign-in, providers"),
        ("--before lunch", "one of connect, delete, move, upgrade"),
        ("--before connect --only clock", "leave --only"),
        ("--timeout 0", "0 is not in the range"),
        ("--watch --before move", "--watch only looks"),
        ("--watch --inside", "--watch only looks"),
    ],
)
def test_what_cannot_be_asked_is_said_at_once(quick: Stage, flags: str, said: str) -> None:
    """Exit 2, before any request."""
    ended = quick.type(f"{CHECK} {flags}")

    assert (ended.code, said in ended.err, quick.requests("arm")) == (2, True, [])


def test_notes_may_count_as_errors(harbor: Stage) -> None:
    """For a pipeline that wants nothing unsaid."""
    ended = harbor.type(f"{CHECK} --warnings-as-errors --only cluster")

    assert (ended.code, "[kubeconfig-loopback]" in ended.err) == (5, True)


def test_the_way_from_inside_is_tried_where_it_is_wanted(harbor: Stage) -> None:
    """A job goes out as the agents would; nothing of it stays."""
    plain = harbor.well(CHECK).data
    asked = harbor.well(f"{CHECK} --only inside").data
    left = harbor.well(f"{CHECK} --only agents").data

    assert "inside" not in {each["category"] for each in plain["findings"]}
    assert verdicts(asked, "pass") == [
        "AZK8S0301",
        "AZK8S0307",
        "AZK8S0306",
        "AZK8S0308",
        "AZK8S0600",
    ]
    assert "diagnostics-left-over" in verdicts(left, "pass")


@pytest.mark.parametrize("command", ["connect", "delete"])
def test_before_a_command_its_own_questions_are_asked(harbor: Stage, command: str) -> None:
    """A cluster that is well is fit for it."""
    ended = harbor.well(f"{CHECK} --before {command}")

    assert ended.data["before"] == command
    assert "run-unfinished" in verdicts(ended.data, "pass")


def test_before_an_upgrade_auto_upgrade_must_be_off(quick: Stage) -> None:
    """It fails with the refusal that `upgrade` itself would end with, and passes with it off."""
    connect = "connect -n harbor -g edge -l eastus --skip-prechecks"
    quick.well(connect)
    on = quick.type(f"{CHECK} --before upgrade")
    quick.well("update -n harbor -g edge --auto-upgrade false")
    off = quick.well(f"{CHECK} --before upgrade")

    assert (on.code, verdicts(on.data, "fail")) == (5, ["auto-upgrade-on"])
    assert "arcctl update -n harbor -g edge --auto-upgrade false" in on.err
    assert "auto-upgrade-on" in verdicts(off.data, "pass")
    assert "run-unfinished" in verdicts(off.data, "pass")


def test_before_a_move_the_plan_is_judged(harbor: Stage) -> None:
    """What blocks is a failure with the plan's code and remedy, what is lost a note."""
    harbor.seed(locks=[{"on": "edge"}])

    ended = harbor.type(f"{CHECK} --before move --target-region westeurope")

    assert ended.code == 5
    assert "locked" in verdicts(ended.data, "fail")
    assert "history" in verdicts(ended.data, "warn")
    assert "[locked]" in ended.err or "[secret-missing]" in ended.err


def test_a_blocked_move_tells_what_to_type(harbor: Stage) -> None:
    """An option of `move` comes with the command that it belongs to, and what is left is none."""
    harbor.fault("arm", {"patch_body": OFFLINE}, method="GET", path="/harbor$", times=None)

    offline = harbor.type(f"{CHECK} --before move --target-region westeurope").data
    same = harbor.type(f"{CHECK} --before move --target-region eastus").data
    remedies = {each["code"]: each["remedy"] for each in (*same["findings"], *offline["findings"])}

    assert {"source-offline"} <= set(verdicts(offline, "fail"))
    assert {"same-region"} <= set(verdicts(same, "fail"))
    move = "arcctl move -n harbor -g edge --target-region"
    assert f"{move} westeurope --accept source-offline" in remedies["source-offline"]
    assert f"{move} ANOTHER" in remedies["same-region"]
    assert [told for each in remedies.values() for told in mistakes(each)] == []


def test_a_move_that_cannot_be_planned_says_why(quick: Stage) -> None:
    """The error that the command would end with is the finding."""
    ended = quick.type(f"{CHECK} --before move --target-region westeurope")

    assert ended.code == 5
    assert len(verdicts(ended.data, "fail")) == 1


def test_a_cluster_that_nobody_knows_is_not_connected(quick: Stage) -> None:
    """Neither in Azure nor here: one sentence, and how to connect it."""
    ended = quick.type(CHECK)

    assert ended.code == 5
    assert ended.data["diagnosis"]["word"] == "not-connected"
    assert {"AZK8S0405", "AZK8S0508"} <= set(verdicts(ended.data, "fail"))


def test_the_end_names_the_first_failure(harbor: Stage) -> None:
    """With its code, and the next commands, on stderr; the data stays on stdout."""
    harbor.fault("arm", {"patch_body": OFFLINE}, method="GET", path="/harbor$", times=None)

    ended = harbor.type(CHECK)

    assert json.loads(ended.out)["status"] == "Offline"
    refused(type(ended)(ended.code, "", ended.err), "egress-lost", exit_code=5)


def test_watching_tells_what_is_new(harbor: Stage) -> None:
    """The first look whole, another as soon as a verdict changes; Ctrl-C ends it, and nothing is written."""
    untouched = changes(harbor)

    with harbor.start(f"{CHECK} --only agents --watch --interval 1") as process:
        first = next_document(process)
        harbor.within(lambda: harbor.cluster.trouble("CrashLoopBackOff", namespace="azure-arc"))
        second = next_document(process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)

    assert verdicts(first, "fail") == []
    assert "agent-crashes" in verdicts(second, "fail")
    assert (process.returncode, "Traceback" in said) == (130, False)
    assert said == "error  no longer watching; nothing was changed   [interrupted]\n"
    assert changes(harbor) == untouched


def next_document(process: subprocess.Popen[str]) -> Any:
    """Read the next JSON document from a process that goes on."""
    assert process.stdout
    lines = [process.stdout.readline()]
    while lines[-1] not in {"}\n", ""}:
        lines.append(process.stdout.readline())
    return json.loads("".join(lines))


def test_a_connected_cluster_that_is_another_one_is_chosen_first(two_clusters: Stage) -> None:
    """No agents are here, and Azure hears them elsewhere: to connect here would be refused."""
    two_clusters.after(f"{moving.CONNECT} --kube-context sandbox")
    elsewhere = "-n harbor -g edge --kube-context sandbox-2"

    ended = two_clusters.type(f"check {elsewhere} --timeout 60")
    shown = two_clusters.type(f"show {elsewhere} --agents")

    assert (ended.code, ended.data["diagnosis"]["word"]) == (5, "agents-elsewhere"), ended.err
    remedies = [each for finding in ended.data["findings"] for each in finding["remedy"]]
    assert "choose the right cluster with --kube-context NAME" in remedies
    assert not any("arcctl connect" in each for each in remedies), remedies
    tries = [each for each in shown.err.splitlines() if each.startswith("try")]
    assert "choose the right cluster" in tries[0], shown.err
