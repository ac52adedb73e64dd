"""What lies in an archive of `arcctl troubleshoot`, and the command that makes one."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.moments import until

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

TROUBLESHOOT = "troubleshoot -n harbor -g edge --folder home/out"
NOT_CHANGING = f"{TROUBLESHOOT} --no-diagnoser"
_MADE = ("jobs", "serviceaccounts", "roles", "rolebindings", "pods")


def packed(ended: Ended) -> dict[str, str]:
    """Every file of the archive by its path, as text."""
    with tarfile.open(ended.data["archive"]) as archive:
        return {
            member.name.partition("/")[2]: archive.extractfile(member).read().decode()  # type: ignore[union-attr] # a file
            for member in archive
            if member.isfile()
        }


def page(ended: Ended) -> str:
    """The index page."""
    return Path(ended.data["index"]).read_text(encoding="utf-8")


def verdicts(ended: Ended) -> dict[str, str]:
    """The verdict of each of the peer's checks."""
    return {each["check"]: each["verdict"] for each in ended.data["checks"]}


def piece(ended: Ended, name: str) -> dict[str, Any]:
    """What came of one piece."""
    [found] = [each for each in ended.data["pieces"] if each["piece"] == name]
    return dict(found)


def diagnosers(stage: Stage) -> list[str]:
    """Whatever of the diagnoser is in the cluster."""

    def look() -> list[str]:
        return [
            f"{plural}/{each['metadata']['name']}"
            for plural in _MADE
            for each in stage.cluster.store.items(KINDS[plural].key)
            if each["metadata"]["name"].startswith(
                ("azure-arc-diagnoser", "azure-arc-troubleshoot", "secret-reader")
            )
        ]

    return stage.within(look)


def running(stage: Stage) -> None:
    """Wait until the diagnoser's pod is there."""
    until(lambda: any(each.startswith("pods/") for each in diagnosers(stage)), "the diagnoser")


def swept(stage: Stage) -> None:
    """Wait until nothing of the diagnoser is left; its pod goes a moment after its job."""
    until(lambda: not diagnosers(stage), "a cluster without the diagnoser")


def left_on_disk(stage: Stage) -> list[str]:
    """Whatever lies in the folder of the archives."""
    return sorted(str(path) for path in (stage.folder / "home/out").rglob("*"))
