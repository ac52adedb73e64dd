"""`arcctl move`."""

from __future__ import annotations

import re
from contextlib import contextmanager
from shlex import quote
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from arcctl.commands import completing
from arcctl.commands.options import CHANGES, CLUSTER, Group, Name, Yes
from arcctl.commands.protecting import Concurrency, FromCluster, ProtectedSettings, Waive
from arcctl.commands.session import Session, command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.errors import FindingsError
    from arcctl.model.keys import KeyPair
    from arcctl.model.plan import Plan
    from arcctl.operations.moving.preparation import Prepared
    from arcctl.operations.moving.request import MoveRequest

Target = Annotated[
    str | None,
    typer.Option(
        "--target-region",
        help="Region to move to, such as westeurope.",
        autocompletion=completing.regions,
    ),
]
TargetName = Annotated[str | None, typer.Option(help="Another name for the cluster.")]
TargetGroup = Annotated[
    str | None,
    typer.Option(
        "--target-group", help="Another resource group.", autocompletion=completing.groups
    ),
]
TargetSubscription = Annotated[str | None, typer.Option(help="Another subscription.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only plan; change nothing anywhere.")]
PlanOut = Annotated[str | None, typer.Option(help="Store the plan.", metavar="FILE")]
StoredPlan = Annotated[
    str | None,
    typer.Option(
        "--plan", help="Carry out a stored plan, if the world is still so.", metavar="FILE"
    ),
]
Accept = Annotated[
    list[str] | None, typer.Option(help="Let a finding pass, by its code; may be repeated.")
]
KeepSecrets = Annotated[
    bool,
    typer.Option("--keep-secrets-in-cluster", help="Until the end, so that resume needs no file."),
]
PrivateKey = Annotated[
    str | None, typer.Option(help="File with the RSA key for the agents.", metavar="FILE")
]
NewKey = Annotated[bool, typer.Option("--new-key", help="Replace the key pair of the agents.")]
KeepKey = Annotated[
    bool, typer.Option("--keep-key", help="Keep the key pair under another name or group too.")
]
Scope = Annotated[
    str | None,
    typer.Option("--private-link-scope-resource-id", help="Scope in the target region."),
]
Gateway = Annotated[str | None, typer.Option("--gateway-resource-id", help="Arc gateway to link.")]
Reassign = Annotated[
    bool, typer.Option("--reassign-identities", help="Give new identities the old ones' roles.")
]
SkipPrechecks = Annotated[
    bool, typer.Option("--skip-prechecks", help="Do not run the diagnostics job in the cluster.")
]
Timeout = Annotated[
    int, typer.Option("--onboarding-timeout", help="Seconds for the agents to be ready.", min=1)
]
Replan = Annotated[
    bool,
    typer.Option(
        "--replan", help="If the cluster changes before the deletion, plan anew and go on."
    ),
]
ReportFile = Annotated[
    str | None, typer.Option("--report", help="Write the report as Markdown.", metavar="FILE")
]


@command(CLUSTER, CHANGES)
async def move(
    session: Session,
    name: Name,
    resource_group: Group = None,
    target_region: Target = None,
    target_name: TargetName = None,
    target_group: TargetGroup = None,
    target_subscription: TargetSubscription = None,
    dry_run: DryRun = False,
    plan_out: PlanOut = None,
    plan: StoredPlan = None,
    accept: Accept = None,
    waive_secret: Waive = None,
    protected_settings: ProtectedSettings = None,
    secrets_from_cluster: FromCluster = False,
    keep_secrets_in_cluster: KeepSecrets = False,
    private_key: PrivateKey = None,
    new_key: NewKey = False,
    keep_key: KeepKey = False,
    private_link_scope: Scope = None,
    gateway: Gateway = None,
    reassign_identities: Reassign = False,
    skip_prechecks: SkipPrechecks = False,
    concurrency: Concurrency = 16,
    onboarding_timeout: Timeout = 1200,
    replan: Replan = False,
    report: ReportFile = None,
    yes: Yes = False,
) -> None:
    """Move a connected cluster to another region, name, group or subscription; lose nothing.

    Example: arcctl move -n harbor -g edge --target-region westeurope --dry-run
    """
    from arcctl.operations.moving.request import MoveRequest
    from arcctl.operations.reading import key_of_a_move

    _judge_target(target_name, target_group)
    key = key_of_a_move(private_key, new_key=new_key, keep_key=keep_key)
    source = await session.cluster_id(name, resource_group)
    subscription = await session.subscription_id(target_subscription)
    request = MoveRequest(
        name=source.name,
        group=source.group,
        subscription=source.subscription,
        target_region=target_region or "",
        target_name=target_name or "",
        target_group=target_group or "",
        target_subscription=subscription,
        accept=frozenset(accept or ()),
        waive=frozenset(waive_secret or ()),
        secrets_from_cluster=secrets_from_cluster,
        keep_secrets_in_cluster=keep_secrets_in_cluster,
        new_key=new_key,
        keep_key=keep_key,
        public_key=key.public if key else "",
        private_link_scope=private_link_scope,
        gateway=gateway,
        reassign_identities=reassign_identities,
        diagnostics=not skip_prechecks,
        concurrency=concurrency,
        timeout=onboarding_timeout,
    )
    files = _Files(protected_settings, plan, plan_out, report, key)
    how = {
        "skip_prechecks": "diagnostics",
        "concurrency": "concurrency",
        "onboarding_timeout": "timeout",
    }
    typed = frozenset(field for option, field in how.items() if option in session.typed)
    await _move(session, request, files, _Will(dry_run, replan, yes, typed))


def _judge_target(name: str | None, group: str | None) -> None:
    from arcctl.model.names import cluster_name, group_name

    if name:
        cluster_name(name)
    if group:
        group_name(group)


class _Files(NamedTuple):
    secrets: str | None
    plan: str | None
    plan_out: str | None
    report: str | None
    key: KeyPair | None


class _Will(NamedTuple):
    """How far a person lets arcctl go."""

    dry_run: bool
    replan: bool
    yes: bool
    typed: frozenset[str]
    """How it is carried out, as far as that was said beside a plan"""


async def _move(session: Session, request: MoveRequest, files: _Files, will: _Will) -> None:
    from arcctl.operations import move as operation
    from arcctl.operations.moving import preparation, stored_plans
    from arcctl.views import reports, unreported

    report = reports.place(files.report) if files.report else ""
    if report and not will.dry_run:
        unreported.begin(report, request.source)
    with (
        unreported.told("" if will.dry_run else report, request.source),
        _repeating(files, request),
        session.run(session.sight(request.source), yes=will.yes) as world,
    ):
        stored = stored_plans.read(files.plan) if files.plan else None
        await operation.look(world)
        request = await preparation.completed(request, stored, world, will.typed)
        given = preparation.given(files.secrets, world)
        prepared = await preparation.prepare(request, world, given, files.key)
        _show(session, prepared, files, will, stored)
        if will.dry_run:
            return
        await preparation.agree(prepared, request, world)

        async def again(outdated: FindingsError) -> Prepared | None:
            """Plan anew where a person has said so beforehand, or can be asked."""
            if not (will.replan or (session.console.can_ask and not will.yes)):
                return None
            newer = await preparation.anew(prepared, outdated, world, given)
            _show(session, newer, files, will)
            if not will.replan:
                world.confirm(newer.question)
            return newer

        found = await operation.move(request, world, prepared, report, again)
    reports.moved(session.console, found, report)
    operation.require_clean(found)


@contextmanager
def _repeating(files: _Files, request: MoveRequest) -> Iterator[None]:
    """Name the files in the next command as they were typed: neither plan nor request knows them."""
    from arcctl.errors import ArcctlError
    from arcctl.model.plan import AGAIN

    # With nothing but a plan typed, what to move where stood in that file alone.
    named = f"{request.source.named} --target-region REGION"
    again = (
        AGAIN
        if request.says_where
        else f"plan again: arcctl move {named} --dry-run --plan-out FILE"
    )
    try:
        yield
    except ArcctlError as error:
        hints = (again if each == AGAIN else each for each in error.hints)
        error.hints = tuple(_with_files(each, files) for each in hints)
        raise


def _with_files(hint: str, files: _Files) -> str:
    if "arcctl move " not in hint or "--plan" not in hint:
        return hint
    if files.plan:
        hint = re.sub(r"(--plan(?:-out)?) FILE", rf"\1 {quote(files.plan)}", hint)
    secrets = f" --protected-settings {quote(files.secrets)}" if files.secrets else ""
    return hint if "--protected-settings" in hint else f"{hint}{secrets}"


def _show(
    session: Session, prepared: Prepared, files: _Files, will: _Will, stored: Plan | None = None
) -> None:
    """Show what is decided on; raise where the world is not as `stored`, or where something blocks."""
    from arcctl.operations.moving import stored_plans
    from arcctl.views import plan as plans

    if stored:
        # Before anything is shown: a plan that is not carried out has no verdict to tell.
        prepared.require_as(stored)
    if files.plan_out:
        stored_plans.store(prepared.plan, files.plan_out)
    if will.dry_run:
        plans.write_plan(session.console, prepared.plan)
    else:
        plans.show(session.console, prepared.plan)
    prepared.require()
