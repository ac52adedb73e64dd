"""The options of commands that write children, which may need secrets that Azure keeps back."""

from __future__ import annotations

from typing import Annotated

import typer

ProtectedSettings = Annotated[
    str | None,
    typer.Option(help="YAML or JSON with the secrets that Azure keeps back; - for stdin."),
]
Waive = Annotated[
    list[str] | None,
    typer.Option("--waive-secret", help="Do without a secret: CHILD/KEY; may be repeated."),
]
FromCluster = Annotated[
    bool,
    typer.Option("--secrets-from-cluster", help="Read secrets where Flux and agents keep them."),
]
Concurrency = Annotated[int, typer.Option(help="Writes to Azure side by side.", min=1, max=64)]
