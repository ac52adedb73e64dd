"""The options that many commands share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from arcctl.commands import completing
from arcctl.commands.completing import words

Name = Annotated[
    str,
    typer.Option(
        "--name",
        "-n",
        help="Name of the connected cluster.",
        autocompletion=completing.cluster_names,
    ),
]
# Where --ids is offered, the name is not required: `Session.clusters` reads the three together.
NameOrIds = Annotated[
    str | None,
    typer.Option(
        "--name",
        "-n",
        help="Name of the connected cluster; or --ids.",
        autocompletion=completing.cluster_names,
    ),
]
Ids = Annotated[
    list[str] | None,
    typer.Option(
        "--ids",
        metavar="ID ...",
        help="Ids of connected clusters, instead of -n, -g.",
        autocompletion=completing.cluster_ids,
    ),
]
Group = Annotated[
    str | None,
    typer.Option(
        "--resource-group",
        "-g",
        help="Resource group; az's default counts.",
        autocompletion=completing.groups,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait for the end.")]
# `arcctl.commands.session.command` adds these to commands, by group.
SHARED: dict[str, Any] = {
    "output": Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="json, jsonc, yaml, yamlc, table, tsv or none.",
            autocompletion=words(completing.outputs),
        ),
    ],
    "query": Annotated[str | None, typer.Option("--query", help="JMESPath over the result.")],
    "subscription": Annotated[
        str | None, typer.Option("--subscription", help="Name or id of the subscription.")
    ],
    "cloud": Annotated[
        str | None, typer.Option("--cloud", help="Name of a cloud, or URL of its Resource Manager.")
    ],
    "progress": Annotated[
        str | None,
        typer.Option(
            "--progress",
            help="auto, plain, json (on stderr) or none.",
            autocompletion=words(completing.progresses),
        ),
    ],
    "only_show_errors": Annotated[
        bool, typer.Option("--only-show-errors", help="Say nothing but errors.")
    ],
    "verbose": Annotated[bool, typer.Option("--verbose", help="Say what is asked of whom.")],
    "debug": Annotated[bool, typer.Option("--debug", help="All of it, and tracebacks.")],
}

CLUSTER: dict[str, Any] = {
    "kube_config": Annotated[
        str | None, typer.Option(help="Kubeconfig file; else KUBECONFIG, or its usual place.")
    ],
    "kube_context": Annotated[
        str | None,
        typer.Option(
            help="Kubeconfig context; else the current one.",
            autocompletion=completing.contexts,
        ),
    ],
    "skip_ssl_verification": Annotated[
        bool,
        typer.Option(
            "--skip-ssl-verification", help="Do not verify the cluster's certificate. Dangerous."
        ),
    ],
}
CHANGES: dict[str, Any] = {
    "helm": Annotated[
        str | None, typer.Option(help="Helm to use; else ARCCTL_HELM, HELM_CLIENT_PATH, PATH.")
    ],
    "correlation_id": Annotated[
        str | None, typer.Option(help="GUID sent with every request to Azure.")
    ],
}
OWNER: dict[str, Any] = {
    "skip_cluster_check": Annotated[
        bool,
        typer.Option(
            "--skip-cluster-check",
            help="Proceed where it is not certain that this is the right cluster.",
        ),
    ],
}
