"""What a session refuses, and at which moment: nothing is begun that cannot come to an end."""

from __future__ import annotations

import hashlib
import json
import socket
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest
from arcctl.clients.relay import program
from arcctl.sandbox.azure import entra
from tests.arm import HARBOR
from tests.stories.refusals import refused
from tests.stories.sessions import PROXY, free_port, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stage import Ended, Stage


def typed(stage: Stage, more: str = "", **environ: str) -> Ended:
    """Type a session that is to be refused, on ports of its own."""
    return stage.type(f"{PROXY} --port {free_port()} --file visiting {more}", **environ)


def asked(stage: Stage) -> list[str]:
    """What Azure and its registry were asked, beyond what kind of cloud this is."""
    services = ("arm", "entra", "registry", "relay")
    every = [each for name in services for each in stage.requests(name)]
    return [each for each in every if each != "GET /metadata/endpoints"]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def test_a_port_that_is_taken_is_refused_before_anything_is_asked(
    connected: Stage, taken: int
) -> None:
    """And the command to type names another one, which will do."""
    ended = refused(connected.type(f"{PROXY} --port {taken}"), "AZK8S0801", said=f"port {taken} is")

    assert asked(connected) == []
    another = ended.err.partition("arcctl proxy -n harbor -g edge --port ")[2].split()[0]
    with opened(connected, f"--port {another}") as session:
        assert f":{another}/" in session.config["clusters"][0]["cluster"]["server"]


def test_the_ports_of_a_session_are_two(connected: Stage) -> None:
    """The one by which arcctl speaks to the relay is not kubectl's, too."""
    refused(connected.type(f"{PROXY} --port 47010"), "AZK8S0801", exit_code=2, said="47010")
    refused(connected.type(f"{PROXY} --port 70000"), "usage", exit_code=2, said="65535")


def test_a_port_of_ones_own_needs_another_one_for_arcctl(connected: Stage) -> None:
    """The one below it, else the usual one; where both are taken, the usual one is told."""
    port = free_port()
    with ExitStack() as stack:
        for number in (port - 1, 47010):
            with suppress(OSError):  # somebody else's is as good
                stack.enter_context(socket.create_server(("127.0.0.1", number)))
        ended = connected.type(f"{PROXY} --port {port} --file visiting")

    refused(ended, "AZK8S0801", said="port 47010 is already in use")
    assert asked(connected) == []


def test_a_file_that_is_no_kubeconfig_is_refused_before_anything_is_asked(
    connected: Stage,
) -> None:
    """Its owner may want what is in it."""
    (connected.folder / "visiting").write_text("clusters: everywhere\n")
    ended = typed(connected)
    (connected.folder / "visiting").unlink()

    refused(ended, "AZK8S0200", said="visiting is not a kubeconfig")
    assert asked(connected) == []


def test_an_empty_token_is_not_taken_for_none(connected: Stage) -> None:
    """A command substitution that failed must not sign in as somebody else."""
    refused(typed(connected, "--token ''"), "usage", exit_code=2, said="--token is empty")
    assert asked(connected) == []


def test_a_token_that_the_cluster_does_not_know_opens_nothing(connected: Stage) -> None:
    """It is tried once before the kubeconfig is written."""
    ended = refused(typed(connected, "--token wrong"), "kube-unauthorized", exit_code=4)

    assert "kubectl create token" in ended.err
    assert not (connected.folder / "visiting").exists()


def test_a_cluster_that_is_not_there(connected: Stage) -> None:
    """Azure's 404 has az's exit code."""
    ended = connected.type(f"proxy -n depot -g edge --port {free_port()} --file visiting")

    refused(ended, "AZK8S0405", exit_code=3, said="arcctl list -g edge")


@pytest.mark.parametrize("who", [entra.ONBOARDING, entra.NO_RIGHTS], ids=lambda who: who.name)
def test_whoever_may_not_have_a_way_in_hears_which_role_gives_it(
    connected: Stage, who: entra.Principal
) -> None:
    """The least role that holds the action is named."""
    ended = typed(connected, AZURE_CLIENT_ID=who.client_id, AZURE_CLIENT_SECRET=who.secret)

    refused(ended, "AuthorizationFailed", exit_code=4, said="Azure Arc Enabled Kubernetes Cluster")


def test_cluster_connect_that_is_off_is_told_with_its_remedy(connected: Stage) -> None:
    """The relay's own words come with the command that turns it on (T14)."""
    connected.well("disable-features -n harbor -g edge --features cluster-connect --yes")
    ended = refused(
        typed(connected), "cluster-connect-off", said="enable-features -n harbor -g edge"
    )

    assert "no agent is connected in the target arc resource" in ended.err
    assert not (connected.folder / "visiting").exists()


def test_too_many_groups_are_told_with_their_remedy(connected: Stage) -> None:
    """What the agents say of an overage claim comes with what to do (T12)."""
    body = {"message": "Overage claim (users with more than 200 group membership) is not supported"}
    connected.fault("relay", {"status": 500, "body": body}, path="/version$")

    refused(typed(connected), "overage-claim", exit_code=4, said="obo.arc.azure.com:8084")


def test_a_cluster_that_answers_something_else_is_a_remark(connected: Stage) -> None:
    """It may be well in a moment; the session stays open."""
    connected.fault("relay", {"status": 503, "body": {"message": "not now"}}, path="/version$")
    with opened(connected) as session:
        assert "it answers 503" in session.said


def test_a_relay_that_cannot_be_reached_is_told_with_its_remedy(connected: Stage) -> None:
    """A firewall that cuts websockets is the usual cause (T15)."""
    connected.fault("relay", {"reset": "before"}, path="[0-9a-f]{64}$", times=None)

    refused(typed(connected), "AZK8S0803", said="allow websockets to *.servicebus")


def test_an_answer_without_a_way_in_is_azures_fault(connected: Stage) -> None:
    """What is missing is said; nothing is started."""
    answer = {"status": 200, "body": {"kubeconfigs": []}}
    connected.fault("arm", answer, path="listClusterUserCredential$")

    refused(typed(connected), "AZK8S0805", said="no way into harbor")


def elsewhere(stage: Stage, name: str = "relays") -> dict[str, str]:
    """A folder for the relay program in which none is yet."""
    folder = stage.folder / name
    for each in folder.glob("*") if folder.exists() else ():
        each.unlink()
    return {"ARCCTL_RELAY_HOME": str(folder)}


def test_the_program_is_fetched_once(connected: Stage) -> None:
    """Into the folder of az's client where no other is named, and from then on it is there."""
    home = {"ARCCTL_RELAY_HOME": ""}
    with opened(connected, **home) as first:
        assert "relay program 1.3.034631 fetched from" in first.said
    fetched = connected.requests("registry")
    with opened(connected, **home) as second:
        assert "fetched" not in second.said

    folder = connected.folder / "home" / ".clientproxy"
    names = {each.name for each in folder.iterdir() if not each.name.startswith(".")}
    assert connected.requests("registry") == fetched
    assert any(each.startswith("arcProxy_linux_amd64_1_3_034631") for each in names)
    assert all(each.stat().st_mode & 0o077 == 0 for each in folder.glob("*.json"))


def test_a_program_that_was_changed_is_never_started(connected: Stage) -> None:
    """It is compared with what was fetched, each time, and fetched again."""
    home = elsewhere(connected)
    with opened(connected, **home):
        pass
    [path] = [each for each in (connected.folder / "relays").glob("arcProxy*") if not each.suffix]
    path.write_text("#!/bin/sh\ntouch started-by-mistake\n")
    with opened(connected, **home) as session:
        assert "was not what had been fetched" in session.said

    assert not list(connected.folder.rglob("started-by-mistake"))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            {"path": "/blobs/", "action": {"status": 200, "body": {"a": "trojan"}}},
            "not what was named",
        ),
        ({"path": "/manifests/", "action": {"status": 200, "body": {}}}, "does not name one layer"),
        ({"path": "/manifests/", "action": {"status": 404}}, "none of that name"),
        ({"path": "/blobs/", "action": {"status": 503}}, "answers 503"),
        ({"action": {"reset": "before"}}, "cannot be fetched"),
    ],
    ids=["wrong digest", "no artifact", "not there", "unwell", "unreachable"],
)
def test_a_program_that_cannot_be_had(
    connected: Stage, fault: dict[str, object], said: str
) -> None:
    """Nothing is started; the error says why, which hosts to allow, and how to name a mirror."""
    connected.within(
        lambda: connected.world.faults.add({"service": "registry", "times": None, **fault})
    )
    ended = refused(typed(connected, **elsewhere(connected)), "AZK8S0800", said=said)

    assert "ARCCTL_RELAY_REGISTRY" in ended.err
    assert not (connected.folder / "visiting").exists()


def test_what_is_kept_works_without_the_registry(connected: Stage) -> None:
    """Whoever has had a session once needs no registry any more."""
    with opened(connected):
        pass
    connected.fault("registry", {"reset": "before"}, times=None)
    with opened(connected) as session:
        assert "open until" in session.said


def test_a_program_that_cannot_be_run(connected: Stage) -> None:
    """The system's own words, and where another folder is named."""
    home = elsewhere(connected)
    with opened(connected, **home):
        pass
    [path] = [each for each in (connected.folder / "relays").glob("arcProxy*") if not each.suffix]
    path.chmod(0o600)

    refused(typed(connected, **home), "AZK8S0802", said="Permission denied")


def test_a_program_that_ends_at_once_is_heard(connected: Stage) -> None:
    """Its last words are in the error."""
    home = elsewhere(connected)
    source = connected.sandbox.environment["ARCCTL_RELAY_REGISTRY"]
    folder = connected.folder / "relays"
    folder.mkdir(exist_ok=True)
    content = b"#!/bin/sh\necho the tide is out >&2\nexit 3\n"
    path = folder / f"arcProxy_linux_amd64_{program.VERSION.replace('.', '_')}"
    path.write_bytes(content)
    path.chmod(0o755)
    known = {"registry": source, "sha256": hashlib.sha256(content).hexdigest()}
    path.with_name(f"{path.name}.json").write_text(json.dumps(known))

    refused(typed(connected, **home), "AZK8S0804", said="the tide is out")


def test_a_folder_that_takes_nothing(connected: Stage) -> None:
    """What cannot be kept is not started from elsewhere."""
    blocked = connected.folder / "blocked"
    blocked.write_text("a file")

    ended = typed(connected, ARCCTL_RELAY_HOME=str(blocked / "relays"))

    refused(ended, "AZK8S0800", said="export ARCCTL_RELAY_HOME=FOLDER")


def test_nothing_of_a_refused_session_stays(connected: Stage) -> None:
    """No process, no configuration, no kubeconfig."""
    typed(connected, "--token wrong")

    assert list((connected.folder / "scratch").iterdir()) == []
    assert not (connected.folder / "visiting").exists()
    assert f"POST {HARBOR}/listClusterUserCredential" in connected.requests("arm")
