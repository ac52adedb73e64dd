"""A session outlives its tokens: they are renewed five minutes before they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories import changing
from tests.stories.refusals import refused
from tests.stories.sessions import PROXY, free_port, opened
from tests.stories.test_interrupt import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stage import Stage

CREDENTIAL = "listClusterUserCredential"
SHORT = 301  # seconds: due a second after it was given out
HOUR = 3600


@pytest.fixture
def fresh(quick: Stage) -> Stage:
    """Connected harbor in a sandbox whose clock shows the time, as nobody has moved it yet."""
    quick.after(changing.connected)
    return quick


def advance(stage: Stage, seconds: float) -> None:
    """Move the sandbox's time forward."""
    stage.within(lambda: stage.world.clock.advance(seconds))


def given_out(stage: Stage) -> int:
    """How often Azure was asked for a way in."""
    return sum(each.endswith(CREDENTIAL) for each in stage.requests("arm", "POST"))


def proofs(stage: Stage) -> int:
    """How often the relay was told who asks."""
    return sum(each.endswith("/proof") for each in stage.requests("relay", "POST"))


def registered(stage: Stage) -> int:
    """How often the relay was given a connection."""
    return sum(len(each.rpartition("/")[2]) == 64 for each in stage.requests("relay", "GET"))


def renewed(count: Callable[[Stage], int], stage: Stage, times: int = 2) -> None:
    """Wait until something has been done so often."""
    until(lambda: count(stage) >= times, "a renewal")


def test_the_relays_token_is_renewed_before_it_ends(fresh: Stage, kubectl: Path) -> None:
    """When the first one has ended, kubectl works on with the second."""
    fresh.fault("arm", {"short_credential": SHORT}, path=CREDENTIAL)
    with opened(fresh) as session:
        renewed(registered, fresh)
        advance(fresh, 2 * SHORT)
        nodes = session.ask(kubectl, "get nodes -o name")

    assert nodes.count("node/") == 3
    assert (given_out(fresh), proofs(fresh)) == (2, 1)


def test_the_access_token_is_renewed_before_it_ends(connected: Stage, kubectl: Path) -> None:
    """It is bound to the same key of the same session."""
    with opened(connected):
        pass  # so that the token for Resource Manager is kept, and the next one is the session's
    connected.fault("entra", {"short_token": SHORT})
    with opened(connected) as session:
        renewed(proofs, connected, 3)
        advance(connected, 2 * SHORT)
        nodes = session.ask(kubectl, "get nodes -o name")

    assert nodes.count("node/") == 3
    assert (given_out(connected), proofs(connected)) == (2, 3)


def test_what_has_ended_opens_nothing(connected: Stage, kubectl: Path) -> None:
    """The sandbox judges by its own clock, which the session knows nothing of."""
    with opened(connected) as session:
        session.ask(kubectl, "get nodes")
        advance(connected, 2 * HOUR)
        identity = session.kubectl(kubectl, "get nodes")
        advance(connected, 2 * HOUR)
        connection = session.kubectl(kubectl, "get nodes")

    assert identity.returncode == connection.returncode == 1


def test_a_token_of_the_cluster_needs_no_other(fresh: Stage, kubectl: Path) -> None:
    """With --token only the relay's own token is renewed."""
    fresh.fault("arm", {"short_credential": SHORT}, path=CREDENTIAL)
    with opened(fresh, f"--token {fresh.cluster.viewer_token}") as session:
        renewed(registered, fresh)
        advance(fresh, 2 * SHORT)
        nodes = session.ask(kubectl, "get nodes -o name")

    assert nodes.count("node/") == 3
    assert (given_out(fresh), proofs(fresh)) == (2, 0)


def test_a_renewal_that_fails_is_tried_again(fresh: Stage) -> None:
    """While the old token lasts, a bad moment of Azure's ends no session."""
    fresh.fault("arm", {"short_credential": SHORT}, path=CREDENTIAL)
    broken = fresh.fault("arm", {"status": 409, "body": {}}, method="POST", path=CREDENTIAL, skip=1)
    with opened(fresh) as session:
        until(lambda: "trying again" in session.said, "a renewal that fails")
        assert fresh.happened(broken) == 1
        renewed(registered, fresh)


def test_a_key_that_has_expired_is_asked_for_once_more(connected: Stage, kubectl: Path) -> None:
    """The relay gives out another one, and a token is bound to that (T56)."""
    expired = connected.fault("relay", {"key_expired": True})
    with opened(connected) as session:
        nodes = session.ask(kubectl, "get nodes -o name")

    assert (connected.happened(expired), nodes.count("node/")) == (1, 3)
    assert proofs(connected) == 2


def test_a_key_that_expires_twice_ends_the_session(connected: Stage) -> None:
    """It is said what is wrong, and that a new session has a new key."""
    connected.fault("relay", {"key_expired": True}, times=2)
    ended = connected.type(f"{PROXY} --port {free_port()} --file mine")

    refused(ended, "proof-expired", exit_code=4, said="start anew: arcctl proxy -n harbor -g edge")


@pytest.mark.parametrize("number", [500011, 70043])
def test_entra_may_refuse_a_bound_token(connected: Stage, number: int) -> None:
    """Its own number is the code, as everywhere."""
    with opened(connected):
        pass
    error = {"status": 400, "error": "invalid_grant", "number": number, "description": "Not now."}
    connected.fault("entra", {"error": error}, times=None)
    ended = connected.type(f"{PROXY} --port {free_port()} --file mine")

    refused(ended, f"AADSTS{number}", exit_code=4, said="sign-in refused")
