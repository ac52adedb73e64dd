"""What a person asked `arcctl move` for, as it is planned, journaled and taken up elsewhere."""

from __future__ import annotations

import shlex
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from arcctl.model.region import canonical
from arcctl.model.resource_id import ClusterId
from arcctl.model.shape import fits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SETS = ("accept", "waive")
_SHAPES: dict[Any, Any] = {
    "str": str,
    "bool": bool,
    "int": int,
    "frozenset[str]": [str],
    "str | None": (str, None),
}
# What a plan fixes beside the target, and its flag; the key of --private-key is compared by itself.
_FIXED = {
    "accept": "--accept",
    "waive": "--waive-secret",
    "secrets_from_cluster": "--secrets-from-cluster",
    "keep_secrets_in_cluster": "--keep-secrets-in-cluster",
    "new_key": "--new-key",
    "keep_key": "--keep-key",
    "private_link_scope": "--private-link-scope-resource-id",
    "gateway": "--gateway-resource-id",
    "reassign_identities": "--reassign-identities",
}


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """The flags of `move`. What is None or empty was not said, and stays as the source has it.

    `accept` holds codes of blocking findings that may pass, `waive` secrets (`CHILD/KEY`) that
    will not be given. Neither values nor files of secrets are part of it: it is written down.
    """

    name: str
    group: str
    subscription: str
    target_region: str
    target_name: str = ""
    target_group: str = ""
    target_subscription: str = ""
    accept: frozenset[str] = frozenset()
    waive: frozenset[str] = frozenset()
    secrets_from_cluster: bool = False
    keep_secrets_in_cluster: bool = False
    new_key: bool = False
    keep_key: bool = False
    public_key: str = ""
    """The public half of the key of `--private-key`"""
    private_link_scope: str | None = None
    gateway: str | None = None
    reassign_identities: bool = False
    diagnostics: bool = True
    concurrency: int = 16
    timeout: int = 1200
    """Seconds for the agents to become ready and Connected."""

    @property
    def source(self) -> ClusterId:
        """What is moved."""
        return ClusterId(self.subscription, self.group, self.name)

    @property
    def target(self) -> ClusterId:
        """What it will be; the same id where only the region changes."""
        return ClusterId(
            self.target_subscription or self.subscription,
            self.target_group or self.group,
            self.target_name or self.name,
        )

    @property
    def region(self) -> str:
        """The target region as ARM writes it: lower case, no blanks."""
        return canonical(self.target_region)

    @property
    def says_where(self) -> bool:
        """Whether a target was named at all; a stored plan names it otherwise."""
        return bool(
            self.target_region or self.target_name or self.target_group or self.target_subscription
        )

    @property
    def in_place(self) -> bool:
        """Whether the id stays, so that the source must be gone before the target can be."""
        return self.source == self.target

    def agrees_with(self, planned: MoveRequest) -> bool:
        """Tell whether what was typed is what a plan was made for; what was left out agrees."""
        said = replace(
            self,
            target_region=self.target_region or planned.target_region,
            target_name=self.target_name or planned.target_name,
            target_group=self.target_group or planned.target_group,
            target_subscription=self.target_subscription or planned.target_subscription,
        )
        return (said.source, said.target, said.region) == (
            planned.source,
            planned.target,
            planned.region,
        )

    def beside(self, planned: MoveRequest) -> list[str]:
        """Return the flags that were typed and are not part of a plan; what was left out agrees."""
        found = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _FIXED and value != field.default:
                flag, there = _FIXED[field.name], getattr(planned, field.name)
                found += [" ".join((flag, *words)) for words in _not_among(value, there)]
        return found

    @property
    def line(self) -> str:
        """The command that asks for the same; a key is in a file that has no name here."""
        source, target = self.source, self.target
        words = [f"arcctl move {source.named} --target-region {shlex.quote(self.target_region)}"]
        words += [f"--target-name {target.name}"] if target.name != source.name else []
        words += [f"--target-group {shlex.quote(target.group)}"] * (target.group != source.group)
        if target.subscription != source.subscription:
            words.append(f"--target-subscription {target.subscription}")
        words += self.beside(MoveRequest(self.name, self.group, self.subscription, ""))
        words += ["--private-key FILE"] if self.public_key else []
        words += [] if self.diagnostics else ["--skip-prechecks"]
        usual = {each.name: each.default for each in fields(self)}
        for name, flag in (("concurrency", "--concurrency"), ("timeout", "--onboarding-timeout")):
            if (value := getattr(self, name)) != usual[name]:
                words.append(f"{flag} {value}")
        return " ".join(words)

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON, for plan and journal."""
        document = asdict(self)
        return document | {name: sorted(document[name]) for name in _SETS}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> MoveRequest:
        """Read what `to_document` wrote; raise ValueError or TypeError for anything else."""
        optional = {each.name for each in fields(cls) if each.default is not MISSING} - {*_SETS}
        present = [each for each in fields(cls) if each.name not in optional - document.keys()]
        fits(document, {each.name: _SHAPES[each.type] for each in present})
        return cls(**{**document, **{name: frozenset(document[name]) for name in _SETS}})


def _not_among(value: Any, planned: Any) -> Iterator[list[str]]:
    """Yield the words of what was typed and is not planned; none for a switch."""
    if isinstance(value, frozenset):
        yield from ([shlex.quote(each)] for each in sorted(value - planned))
    elif isinstance(value, str):
        if value.casefold() != (planned or "").casefold():
            yield [shlex.quote(value)]
    elif value != planned:
        yield []
