"""What stands where a report is to be, for as long as the move has not written it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, UsageError
from arcctl.model import mask, plain_file
from arcctl.model.resource_id import ClusterId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.run import RunRecord

_SINCE = (
    "`arcctl history` tells what has become of it. If no run of this time is there, the move was "
    "not begun, and nothing was changed."
)


def begin(path: str, cluster: ClusterId) -> None:
    """Take the place of an older report, which must not be taken for that of a move that fails."""
    try:
        _write(path, cluster, "This move has not written its report yet.", _SINCE)
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"cannot write the report to {path}", code="file", why=why) from error


@contextmanager
def told(path: str, cluster: ClusterId) -> Iterator[None]:
    """Write in place of the report how the block has failed; `path` is "" where none was wanted."""
    try:
        yield
    except ArcctlError as error:
        parts = [
            f"This move has not written its report. It ended with: {error.message} ({error.code})."
        ]
        if error.why:
            parts.append("\n".join(f"- {each}" for each in error.why))
        if error.hints:
            parts.append("What to type next:\n\n```\n" + "\n".join(error.hints) + "\n```")
        # The error itself is what a person must see, wherever the page goes.
        with suppress(OSError):
            _write(path, cluster, *parts, _SINCE)
        raise


def gone_back(path: str, record: RunRecord) -> None:
    """Write in place of the report that a run has ended without one, and how; as far as that can be."""
    outcome = f"{record.outcome[:1].upper()}{record.outcome[1:]}"
    with suppress(OSError):
        _write(
            path,
            ClusterId.parse(record.cluster),
            f"{outcome}: this move has no report. `arcctl history {record.run}` tells what it did.",
        )


def _write(path: str, cluster: ClusterId, *parts: str) -> None:
    if path:
        page = "\n\n".join((f"# Move of {cluster.name} ({cluster.group})", *parts))
        plain_file.write(Path(path), f"{mask.current().text(page)}\n", 0o666)
