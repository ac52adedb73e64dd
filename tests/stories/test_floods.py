"""Answers and programs without end: what arcctl keeps of them has a bound, and it says so."""

from __future__ import annotations

import base64
import resource
import zlib
from typing import TYPE_CHECKING

import pytest
from tests.clients.helm.scripts import script
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Stage

HARBOR = "-n harbor -g edge"
MOST_KIB = 1024 * 1024


def packed(mebibytes: int) -> dict[str, object]:
    """Return a plan of an answer of zeros that are packed a thousand to one."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    part = bytes(1024 * 1024)
    content = b"".join(packing.compress(part) for _ in range(mebibytes)) + packing.flush()
    return {"bytes": base64.b64encode(content).decode(), "headers": {"Content-Encoding": "gzip"}}


@pytest.mark.parametrize(
    ("line", "service", "path"),
    [
        (f"show {HARBOR}", "arm", "/harbor$"),
        ("list", "arm", "/connectedClusters$"),
        (f"update {HARBOR} --auto-upgrade false --yes", "kubernetes", "/version$"),
        (f"update {HARBOR} --auto-upgrade false --yes", "dataplane", "GetHelmSettings"),
    ],
)
def test_a_bomb_in_an_answer_is_refused(
    connected: Stage, line: str, service: str, path: str
) -> None:
    """It is unpacked no further than any answer that is meant."""
    connected.fault(service, packed(600), path=path, times=None)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ended = connected.type(line)

    assert ended.code == 1, ended.err
    assert "more than 64 MiB" in ended.err
    # The sandbox's own agents share this process, and ask the cluster too.
    if service == "arm":
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KIB


def test_what_helm_prints_without_end_is_not_kept(connected: Stage) -> None:
    """It is stopped, and named."""
    helm = script(
        connected.folder,
        f"""
        import os, sys
        if sys.argv[1] not in ("history", "status", "get", "upgrade"):
            os.execv({str(connected.helm)!r}, [{str(connected.helm)!r}, *sys.argv[1:]])
        while True:
            sys.stdout.write("x" * 65536)
        """,
        "helm",
    )
    ended = connected.type(
        f"update {HARBOR} --tags a=b --auto-upgrade false --yes", ARCCTL_HELM=str(helm)
    )

    refused(ended, "AZK8S0505", exit_code=ended.code, said="printed more than any helm does")
