"""Secrets that were given for children that are otherwise as the manifest says.

Azure never shows the values, so nobody can tell whether they have changed: they are sent where a
person asks for it, and named where not.
"""

from __future__ import annotations

from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from arcctl.errors import UsageError
from arcctl.model.configuration.kinds import Kind
from arcctl.operations.secrets.values import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.model.configuration.secrets import Supplied
    from arcctl.operations.secrets.files import Given

Names = dict[str, tuple[str, ...]]
"""The names of secrets by `Child.key`"""

SEND = "--send-secrets"


def given_alone(
    children: Sequence[Child],
    touched: Iterable[Child],
    given: Sequence[Given],
    note: Callable[[str], None],
    *,
    send: bool,
) -> Names:
    """Return the secrets that were given for children that are not among the `touched`.

    What fits no child is noted. Raise UsageError where they are to be sent and there are none.
    """
    found, sent = resolve(children, given), {child.key for child in touched}
    if send and not found.values:
        raise UsageError(
            f"{SEND}: no secret was given for a child of the manifest",
            code="secret-missing",
            why=tuple(f"{each.child}/{each.name} fits none" for each in given),
            hints="with a file that has them: --protected-settings FILE",
        )
    for each in found.statuses:
        if each.origin in ("misnamed", "surplus"):
            place = f"{each.child}/{each.name}"
            note(f"{place} was given: no child of the manifest needs it, and it is not sent")
    return {key: tuple(sorted(each)) for key, each in found.values.items() if key not in sent}


def not_sent(names: Names, apply: str, secrets_file: str | None) -> str:
    """Say which secrets are not sent, and the command that sends them; `apply` begins it."""
    given = f" --protected-settings {quote(secrets_file)}" if secrets_file else ""
    return (
        f"secrets of {', '.join(names)} were given and are not sent: Azure does not show the values "
        f"that it holds, and nothing else differs. To send them: {apply}{given} {SEND}"
    )


def asking(child: Child, names: Names, there: Mapping[str, Child]) -> Child:
    """Return a child that needs its secrets of `names` for certain, also for whoever resumes.

    A PUT replaces the whole set of an extension, so it needs what Azure names besides. A child
    without such a secret is returned as it is. `there` are the children of Azure, by `Child.key`.
    """
    if child.key not in names:
        return child
    if child.kind is not Kind.EXTENSION:
        return replace(child, state={**child.state, "given": [*names[child.key]]})
    known = (each.state.get("protectedKeys") or () for each in (child, there[child.key]))
    keys = sorted({*names[child.key], *(key for each in known for key in each)})
    return replace(child, state={**child.state, "protectedKeys": keys})


def require_again(names: Mapping[str, Sequence[str]], supplied: Supplied, resume: str) -> None:
    """Raise UsageError where secrets that a run was to send are not given again."""
    missing = [
        f"{key}/{name}"
        for key, every in names.items()
        for name in every
        if name not in supplied.get(key, {})
    ]
    if missing:
        raise UsageError(
            "secrets that this run was to send are missing",
            code="secret-missing",
            why=(*missing, "no journal holds secrets, so they must be given again"),
            hints=f"{resume} --protected-settings FILE",
        )
