"""Every error that arcctl raises on purpose.

    ArcctlError                 1   something failed; the parent of all
    ├── UsageError              2   the command line or a file it names is wrong
    ├── NotFound                3   the thing asked for does not exist (az's exit code)
    ├── AccessError             4   not signed in, or not permitted
    ├── Refusal                 1   arcctl will not do it, because something would be lost
    ├── AzureError              1   Azure answered with an error (ARM, data plane, Graph)
    ├── ClusterError            1   the cluster or its kubeconfig cannot be used
    ├── HelmError               1   helm is missing, too old, or failed
    ├── SandboxError            1   the sandbox cannot be started, reached or stopped
    ├── FindingsError           5   a check failed, a difference was found, a condition was not met
    ├── StoppedPartWay          6   the change is half done and can be taken up again
    └── Interrupted           130   the person said stop

The number is the process's exit code; `docs/reference/exit-codes.md` is the page about them.
Only `arcctl.app` turns an error into an exit.
"""

from __future__ import annotations

import re
from enum import IntEnum

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,79}")


class ExitCode(IntEnum):
    """What a process that ran arcctl can tell from its end."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    ACCESS = 4
    FINDINGS = 5
    STOPPED = 6
    INTERRUPTED = 130


def plain_code(code: object) -> str:
    """Return a code that a service has named, "" for what is no plain word of sane length.

    It is told in brackets, kept in journals and compared; its message has room for the rest.
    """
    return code if isinstance(code, str) and _PLAIN.fullmatch(code) else ""


class ArcctlError(Exception):
    """What happened, why, and what to type next.

    `message` is one line without a full stop. `why` holds further lines, most important first.
    `hints` are commands or short advice, each a line of its own. `code` is stable: the peer's
    `AZK8Snnnn` where the meaning is the same, otherwise a slug; a service's own code is taken where
    `plain_code` finds it plain, and the default where not.
    """

    exit_code = ExitCode.FAILED
    default_code = "failed"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        why: tuple[str, ...] | str = (),
        hints: tuple[str, ...] | str = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = plain_code(code) or self.default_code
        self.why = (why,) if isinstance(why, str) else why
        self.hints = (hints,) if isinstance(hints, str) else hints


class UsageError(ArcctlError):
    """The command line, or a file it names, is wrong."""

    exit_code = ExitCode.USAGE
    default_code = "usage"


class NotFound(ArcctlError):
    """The resource that was asked for does not exist."""

    exit_code = ExitCode.NOT_FOUND
    default_code = "not-found"


class AccessError(ArcctlError):
    """Nobody is signed in, or whoever is may not do this."""

    exit_code = ExitCode.ACCESS
    default_code = "not-permitted"


class Refusal(ArcctlError):
    """arcctl will not go on, because something would be lost or could not work."""

    default_code = "refused"


class AzureError(ArcctlError):
    """Azure answered with an error.

    `status` is the HTTP status (0 where none was received), `azure_code` ARM's own code
    (`arm.md` 11), `correlation_id` what support asks for.
    """

    default_code = "azure"

    def __init__(  # noqa: PLR0913 - an error's facts, all of them optional
        self,
        message: str,
        *,
        status: int = 0,
        azure_code: str = "",
        correlation_id: str = "",
        code: str | None = None,
        why: tuple[str, ...] | str = (),
        hints: tuple[str, ...] | str = (),
    ) -> None:
        azure_code = plain_code(azure_code)
        super().__init__(message, code=code or azure_code or None, why=why, hints=hints)
        self.status = status
        self.azure_code = azure_code
        self.correlation_id = correlation_id


class ClusterError(ArcctlError):
    """The cluster cannot be reached or used as asked. `status` is the API server's, or 0."""

    default_code = "cluster"

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str | None = None,
        why: tuple[str, ...] | str = (),
        hints: tuple[str, ...] | str = (),
    ) -> None:
        super().__init__(message, code=code, why=why, hints=hints)
        self.status = status


class HelmError(ArcctlError):
    """Helm is missing, too old, or ended with an error."""

    default_code = "helm"


class SandboxError(ArcctlError):
    """The sandbox cannot be started, reached or stopped."""

    default_code = "sandbox"


class FindingsError(ArcctlError):
    """A check failed, a difference was found, or a condition was not met in time."""

    exit_code = ExitCode.FINDINGS
    default_code = "findings"


class StoppedPartWay(ArcctlError):
    """The change is half done; `arcctl resume` takes it up."""

    exit_code = ExitCode.STOPPED
    default_code = "stopped"


class Interrupted(ArcctlError):
    """The person said stop."""

    exit_code = ExitCode.INTERRUPTED
    default_code = "interrupted"
