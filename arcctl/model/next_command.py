"""The next command to type, so that it goes to the cluster and the cloud that this one went to.

A hint is a command, or advice that ends in one behind a colon, so that it can be pasted.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arcctl.model.resource_id import ClusterId

_COMMAND = re.compile(r"(?:^|: )(?P<program>arcctl|kubectl|oc|helm) (?P<verb>(?:config )?[a-z-]+)")
_THEN = re.compile(r"( && )")
# Whose commands name the cluster, and how; kubectl's and helm's flags may come before the verb.
_CONTEXT = {"kubectl": "--context", "oc": "--context", "helm": "--kube-context"}
# Commands that go to Azure alone; the context of `proxy` is one that it writes.
TO_AZURE_ALONE = {"config diff", "config list", "list", "proxy", "wait"}


@dataclass(frozen=True, slots=True)
class Way:
    """What a command line said of the way to the cluster and to Azure; None is "not said"."""

    kube_context: str | None = None
    kube_config: str | None = None
    cloud: str | None = None

    def along(self, hint: str) -> str:
        """Return the hint with the same way in its commands, unless they name one themselves."""
        pieces = _THEN.split(hint)
        return "".join(each if at % 2 else self._along(each) for at, each in enumerate(pieces))

    def _along(self, hint: str) -> str:
        found = _COMMAND.search(hint)
        if not found:
            return hint
        program, verb = found["program"], found["verb"]
        if verb == "sandbox":
            return hint
        if program != "arcctl":
            # `kubectl config` is about the file: a context need not even be in it.
            context = None if " config get-contexts" in hint else self.kube_context
            flags = [(_CONTEXT[program], context), ("--kubeconfig", self.kube_config)]
            return _with(hint, found.end("program"), flags)
        flags = [("--kube-context", self.kube_context), ("--kube-config", self.kube_config)]
        flags = [*([] if verb in TO_AZURE_ALONE else flags), ("--cloud", self.cloud)]
        return _with(hint, len(hint), flags)


def adopting(cluster: ClusterId) -> tuple[str, str]:
    """Return both ways to give agents to a resource made elsewhere, the one that changes it last."""
    connect = f"arcctl connect {cluster.named} --adopt"
    return (
        f"if you hold the key that the resource was made with: {connect} --private-key FILE",
        f"to replace that key, which Terraform and Bicep see as a change: {connect} --new-key",
    )


def _with(hint: str, place: int, flags: list[tuple[str, str | None]]) -> str:
    said = [f" {flag} {shlex.quote(value)}" for flag, value in flags if value and flag not in hint]
    return f"{hint[:place]}{''.join(said)}{hint[place:]}"
