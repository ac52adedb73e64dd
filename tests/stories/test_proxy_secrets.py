"""No secret of a session is seen: not by its relay's neighbours, not on streams, not on disk."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.azure import entra
from arcctl.sandbox.kubernetes import access
from tests.stories.refusals import refused
from tests.stories.sessions import PROXY, free_port, opened, relays
from tests.stories.spying import files

if TYPE_CHECKING:
    from tests.stage import Stage


def seen(stage: Stage, pid: int) -> dict[str, str]:
    """What the relay program was told, what lies on disk, and what the sandbox has written down."""
    [relay] = relays(pid)
    texts = {
        name: Path(f"/proc/{relay}/{name}").read_bytes().decode() for name in ("cmdline", "environ")
    }
    for folder in ("scratch", "home", "sandbox/relay"):
        texts |= {str(path): text for path, text in files(stage.folder / folder)}
    entries = stage.within(lambda: [each.plain() for each in stage.world.journal.entries])
    return texts | {"journal": json.dumps(entries)}


def places(texts: dict[str, str], secret: str) -> list[str]:
    """Where a secret is that should not be there, plain or in base64."""
    coded = base64.b64encode(secret.encode()).decode()
    return [place for place, text in texts.items() if secret in text or coded in text]


@pytest.mark.parametrize("flags", ["", "--debug"])
def test_a_session_shows_no_secret(connected: Stage, flags: str) -> None:
    """Neither the token of `--token`, nor Azure's, nor what arcctl signs in with."""
    token = secrets.token_urlsafe(24)
    connected.within(lambda: connected.cluster.grant(token, "reader", access.READING))
    with opened(connected, f"--token {token} {flags}") as session:
        texts = seen(connected, session.process.pid) | {"stderr": session.said}

    hidden = (token, entra.FULL_RIGHTS.secret, connected.cluster.token, "SharedAccessSignature sr")
    assert [secret for secret in hidden if places(texts, secret)] == []
    assert session.out.read_text() == ""


def test_who_asks_is_not_seen_either(connected: Stage) -> None:
    """The bound token goes to the relay alone: it is nowhere on disk, and in no line."""
    with opened(connected, "--debug") as session:
        texts = seen(connected, session.process.pid) | {"stderr": session.said}
        password = session.config["users"][0]["user"]["token"]

    # How every token of Entra begins; that for Resource Manager is kept, as it always is.
    begins = base64.b64encode(b'{"typ"').decode()[:8]
    assert [place for place in places(texts, begins) if "tokens" not in place] == []
    assert places(texts, password) == []


def test_a_refusal_repeats_no_token(connected: Stage) -> None:
    """What the other end throws back comes without it."""
    token = secrets.token_urlsafe(24)
    echo = {"message": f"Overage claim, and your token was {token}"}
    connected.fault("relay", {"status": 500, "body": echo}, path="/version$")
    ended = connected.type(f"{PROXY} --port {free_port()} --file mine --token {token} --debug")

    assert ("[overage-claim]" in ended.err, token in ended.err) == (True, False)


def test_a_relay_that_repeats_a_token_is_not_repeated(connected: Stage) -> None:
    """A connection that it refuses is told without what opens it."""
    body = {"error": "SharedAccessSignature sr=a&se=1&skn=AAD&sig=marked"}
    connected.fault("relay", {"status": 401, "body": body}, path="[0-9a-f]{64}$")
    ended = connected.type(f"{PROXY} --port {free_port()} --file mine")

    refused(ended, "AZK8S0803", said="does not open the connection")
    assert "marked" not in ended.err
