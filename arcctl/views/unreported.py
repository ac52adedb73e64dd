"""What stands where a report is to be, for as long as the move has not written it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.errors import UsageError
from arcctl.model import plain_file

if TYPE_CHECKING:
    from arcctl.model.resource_id import ClusterId


def begin(path: str, cluster: ClusterId) -> None:
    """Take the place of an older report, which must not be taken for that of a move that fails."""
    page = (
        f"# Move of {cluster.name} ({cluster.group})\n\n"
        "This move was begun and has not written its report: it is still under way, was refused, "
        "or has stopped part-way. `arcctl history` tells which.\n"
    )
    try:
        plain_file.write(Path(path), page, 0o666)
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"cannot write the report to {path}", code="file", why=why) from error
