"""The kubeconfig of a session, where it goes to stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.views.console import Console


def kubeconfig(console: Console) -> Callable[[str], None]:
    """Return what writes it, at once: whoever reads it must not wait for the session's end."""

    def show(text: str) -> None:
        console.progress.close()
        console.out.write(text)
        console.out.flush()

    return show
