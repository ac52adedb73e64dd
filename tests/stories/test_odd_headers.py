"""Headers, links and times that no service sends: told in words, or taken for none.

Each row once ended in an error of Python's that nobody had thought of.
"""

from __future__ import annotations

import io
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests import inside
from tests.stage import PATIENCE
from tests.stories.moving import MOVE
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Stage

SHOW = "show -n harbor -g edge"
HARBOR = "/connectedClusters/harbor$"
NO_URLS = ("https://[::1/x", "https://[x]/y", "https://a]b/", "//[", "https://\u2100.example/x")
NO_NUMBERS = ("²", "٣", "1e9", "-1", "9" * 400, "9" * 20, "nan", "inf", "0x10", " 1", "1.5")
NO_DATES = (
    "Mon, 01 Jan 99999 00:00:00 GMT",
    "Thu, 01 Jan 1970 00:00:00 +99999999999999",
    "Mon, 01 Jan 0001 00:00:00 +1400",
    ",",
    "Mon, 99 Foo 2026 99:99:99 GMT",
)
NO_TIMES = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59.9999999Z",
    "0001-01-01T00:00:00Z",
    "2026-08-01T10:00:00",
    "2026-W31-6",
    "20260801",
    "-1",
)
NO_CLAIMS = ("abcde", "éé", "YQ", "W10", "e30=e30=", "=" * 9, "\\", "bnVsbA")


def in_words(stage: Stage, line: str) -> str:
    """Type a line that ends well or in words; return what it says."""
    ended = stage.type(line)
    assert "AZK8S0001" not in ended.err, ended.err
    assert "Traceback" not in ended.err, ended.err
    return ended.err + ended.out


@pytest.mark.parametrize("claims", NO_CLAIMS)
def test_claims_that_are_none_are_not_asked_for(connected: Stage, claims: str) -> None:
    """The sign-in is renewed without them."""
    challenge = f'Bearer error="insufficient_claims", claims="{claims}"'
    action = {"status": 401, "body": {}, "headers": {"WWW-Authenticate": challenge}}
    connected.fault("arm", action, path=HARBOR)

    in_words(connected, SHOW)
    assert connected.well(SHOW)


@pytest.mark.parametrize("url", NO_URLS)
def test_a_link_that_is_no_url_is_told(connected: Stage, url: str) -> None:
    """Nothing is sent there, and the list is not taken for whole."""
    connected.fault(
        "arm", {"patch_body": {"nextLink": url}}, path="/connectedClusters$", times=None
    )
    ended = connected.type("list -o json")

    assert ended.code == 1
    in_words(connected, "list")


@pytest.mark.parametrize("header", ["Azure-AsyncOperation", "Location"])
@pytest.mark.parametrize("url", NO_URLS[:3])
def test_an_operation_without_an_address_is_lived_with(
    connected: Stage, header: str, url: str
) -> None:
    """The resource itself tells how it ends."""
    connected.fault("arm", {"add_header": {header: url}}, method="PUT", path=HARBOR, times=None)
    connected.fault("arm", {"add_header": {header: url}}, method="PATCH", path=HARBOR, times=None)
    connected.fault("arm", {"add_header": {header: url}}, method="DELETE", path=HARBOR)

    in_words(connected, "update -n harbor -g edge --tags a=b --yes")
    in_words(connected, "delete -n harbor -g edge --yes")


@pytest.mark.parametrize("value", [*NO_NUMBERS, *NO_DATES])
def test_a_pause_that_is_none_is_not_waited_for(connected: Stage, value: str) -> None:
    """Neither of Azure nor of the cluster."""
    for service, path in (("arm", HARBOR), ("kubernetes", "/version$")):
        action = {"status": 429, "body": {}, "headers": {"Retry-After": value}}
        connected.fault(service, action, path=path)
    in_words(connected, SHOW)
    in_words(connected, "check -n harbor -g edge --only cluster")


@pytest.mark.parametrize("value", NO_DATES)
def test_a_clock_that_is_none_is_not_compared(connected: Stage, value: str) -> None:
    """The services' own date may be anything."""
    for service in ("arm", "kubernetes"):
        connected.fault(service, {"add_header": {"Date": value}}, times=None)
    in_words(connected, "check -n harbor -g edge")


@pytest.mark.parametrize("time", NO_TIMES)
def test_a_time_that_is_none_is_shown_or_left_out(connected: Stage, time: str) -> None:
    """In every view of a cluster."""
    patch = {
        "properties": {
            "lastConnectivityTime": time,
            "managedIdentityCertificateExpirationTime": time,
        },
        "systemData": {"createdAt": time},
    }
    for action, path in (("patch_body", HARBOR), ("patch_items", "/connectedClusters$")):
        connected.fault("arm", {action: patch}, method="GET", path=path, times=None)
    for line in (SHOW, f"{SHOW} -o table", "list -o table", "check -n harbor -g edge"):
        in_words(connected, line)


@pytest.mark.parametrize(
    "spec",
    [
        *({"renewTime": time} for time in NO_TIMES),
        *({"leaseDurationSeconds": each} for each in (None, 10**15, -1, 0, "60", 1.5, True)),
        {"acquireTime": None, "renewTime": None},
    ],
    ids=repr,
)
def test_a_lease_of_odd_times_is_read(harbor: Stage, spec: dict[str, Any]) -> None:
    """It is alive or it is not; a time that nobody can read is long ago."""
    whole = {"holderIdentity": "move-of-another/1", "leaseDurationSeconds": 60, **spec}
    lease = {"metadata": {"name": "arcctl"}, "spec": whole}
    harbor.within(lambda: harbor.cluster.api.create(KINDS["leases"], "arcctl", lease))
    harbor.fault("arm", {"status": 403, "body": {}}, method="DELETE", path=HARBOR, times=None)

    in_words(harbor, f"{MOVE} --secrets-from-cluster")


class Cut(io.StringIO):
    """A stream that ends in the middle of what is read."""

    def read(self, _size: int | None = -1, /) -> str:
        """End, as a library does that finds half a file."""
        raise EOFError("marshal data too short")


def test_the_end_of_a_file_is_nobodys_wish(connected: Stage) -> None:
    """Only a person stops a command: a file that is cut is told as an error."""
    words = shlex.split("config apply -n harbor -g edge --file - --yes")
    with inside.FREE:
        command = inside.Command(words, connected.environment, connected.folder, stdin=Cut())
        code = command.run(PATIENCE)

    assert code == 1
    assert "EOFError" in command.err.getvalue()
    assert "interrupted" not in command.err.getvalue()


@pytest.mark.parametrize("place", ["a-file", "/dev/null"])
def test_a_home_that_is_no_folder_is_named(connected: Stage, place: str) -> None:
    """It is the environment's, so its variable is what to mend."""
    (connected.folder / "a-file").write_text("", encoding="utf-8")
    home = str(connected.folder / place)

    refused(connected.type("list", ARCCTL_HOME=home), "usage", exit_code=2, said="ARCCTL_HOME is")


def test_what_is_gone_is_not_said_to_be_there(quick: Stage) -> None:
    """Somebody has moved the cluster while connect was at work."""
    quick.after(lambda _: None)
    body = {"error": {"code": "ResourceNotFound", "message": "harbor was not found"}}
    quick.fault("arm", {"status": 404, "body": body}, method="GET", path=HARBOR, times=None)
    ended = quick.type("connect -n harbor -g edge -l westeurope --skip-prechecks")

    assert ended.code == 3, ended.err
    assert "is in Azure" not in ended.err
    assert "somebody has deleted or moved it" in ended.err
