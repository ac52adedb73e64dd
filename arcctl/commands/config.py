"""`arcctl config`: extensions, Flux and source control configurations."""

from __future__ import annotations

from typing import Annotated

import typer

from arcctl.commands.options import CLUSTER, OWNER, Group, Name, Yes
from arcctl.commands.protecting import Concurrency, FromCluster, ProtectedSettings, Waive
from arcctl.commands.session import Session, command
from arcctl.commands.spelling import AzCommand
from arcctl.model.resource_id import ClusterId

app = typer.Typer(
    help="The extensions and configurations of a cluster: listed, kept in files, compared.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

OutputFile = Annotated[
    str | None, typer.Option("--output-file", help="Write one YAML file.", metavar="FILE")
]
Folder = Annotated[
    str | None, typer.Option("--folder", help="Write a file for each.", metavar="FOLDER")
]
ManifestFile = Annotated[
    str, typer.Option("--file", "-f", help="Manifest, folder of one, or - for stdin.")
]
SendSecrets = Annotated[
    bool,
    typer.Option(
        "--send-secrets", help="Also send the secrets given for children that do not differ."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Side = typer.Argument(
    help="NAME, GROUP/NAME or the ARM id of a cluster; or a file or folder, - for stdin."
)


@app.command("list", cls=AzCommand)
@command()
async def list_children(session: Session, name: Name, resource_group: Group = None) -> None:
    """List what a cluster has, and which secrets Azure would not give back.

    Example: arcctl config list -n harbor -g edge
    """
    from arcctl.operations import config
    from arcctl.views.config import write_list

    cluster = await session.cluster_id(name, resource_group)
    found = await config.children(session.clients, cluster)
    write_list(session.console, cluster.name, [config.listed(child) for child in found])


@app.command("export", cls=AzCommand)
@command(CLUSTER)
async def export(
    session: Session,
    name: Name,
    resource_group: Group = None,
    output_file: OutputFile = None,
    folder: Folder = None,
) -> None:
    """Write what a cluster has as a manifest, without secrets.

    Example: arcctl config export -n harbor -g edge --output-file harbor.yaml
    """
    from arcctl.errors import UsageError
    from arcctl.operations import config
    from arcctl.views.config import exported, write_manifest

    if output_file and folder:
        raise UsageError("either --output-file or --folder, not both")
    cluster = await session.cluster_id(name, resource_group)
    found = await config.export(session.clients, cluster)
    removed: list[str] = []
    if output_file:
        found.write_file(output_file)
    elif folder:
        removed = found.write_folder(folder)
    else:
        write_manifest(session.console, found.to_text(), found.to_document())
    place = output_file or folder or ""
    exported(session.console, found.children, found.left_out, place, removed)


@app.command("diff", cls=AzCommand)
@command()
async def diff(
    session: Session,
    left: Annotated[str, Side],
    right: Annotated[str, Side],
    resource_group: Group = None,
) -> None:
    """Compare two clusters, a cluster with a file, or two files; exit 5 where they differ.

    Example: arcctl config diff harbor.yaml edge/harbor
    """
    from arcctl.operations import config
    from arcctl.views.config import write_diff

    async def cluster_of(name: str, group: str | None) -> ClusterId:
        return await session.cluster_id(name, group or resource_group)

    sides = [config.side(session.clients, text, cluster_of) for text in (left, right)]
    found = await config.diff(*sides)
    write_diff(session.console, found, left, right)
    config.require_equal(found, left, right, resource_group)


@app.command("apply", cls=AzCommand)
@command(CLUSTER, OWNER)
async def apply(
    session: Session,
    name: Name,
    file: ManifestFile,
    resource_group: Group = None,
    protected_settings: ProtectedSettings = None,
    waive_secret: Waive = None,
    secrets_from_cluster: FromCluster = False,
    send_secrets: SendSecrets = False,
    dry_run: DryRun = False,
    concurrency: Concurrency = 16,
    yes: Yes = False,
) -> None:
    """Bring a cluster to what a manifest says; what the manifest does not name stays.

    Example: arcctl config apply -n harbor -g edge --file harbor.yaml
    """
    from arcctl.operations import config_apply as operation
    from arcctl.operations.secrets.files import Asked
    from arcctl.views import config as views

    cluster = await session.cluster_id(name, resource_group)
    waived = tuple(waive_secret or ())
    asked = Asked(protected_settings, secrets_from_cluster, waived, send_secrets)
    with session.run(session.sight(cluster), yes=yes) as world:
        prepared = await operation.prepare(world, file, asked)
        changes, name = prepared.changes, cluster.name
        views.show_changes(session.console, changes.comparison, changes.secrets, name)
        if dry_run:
            return views.write_changes(session.console, changes.to_document())
        if not changes.touched:
            document = changes.to_document()
            return views.applied(session.console, document, name, unsent=bool(prepared.unsent))
        world.confirm(f"Apply this to {cluster.name} ({cluster.group})?")
        left = await operation.apply(world, prepared, concurrency)
    done = prepared.changes.without(left)
    if done.touched:
        views.applied(session.console, done.to_document(), cluster.name)
    else:
        views.write_changes(session.console, done.to_document())
    return operation.require_applied(left, cluster)
