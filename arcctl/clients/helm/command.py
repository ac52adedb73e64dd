"""pyhelm3's argument building on arcctl's own runner (`dependencies.md` 2, faults 1 to 10).

Importing this module imports pyhelm3, and pydantic with it: about 0.03 s after the `kubernetes`
package, which brings pydantic too, and 0.18 s without it.
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyhelm3.command
import pyhelm3.errors

from arcctl.clients import own_folder
from arcctl.clients.helm import process, trouble
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from arcctl.clients.helm.versions import Version

Missing = pyhelm3.errors.ReleaseNotFoundError
# Whoever has set a field by hand owns it, and helm 4 would fail on it; helm 3 sets it again.
_HAVE_OUR_WAY = ("--server-side=true", "--force-conflicts")


@dataclass(frozen=True, slots=True)
class Binding:
    """The cluster that helm is to talk to: helm's global flags and its environment."""

    flags: tuple[str, ...]
    environ: Mapping[str, str]


class Command(pyhelm3.command.Command):  # type: ignore[misc]  # pyhelm3 has no types
    """One helm call. Every method of pyhelm3's goes through `run`.

    Not to be used, because pyhelm3 builds them wrongly: `atomic`, `disable_validation`, and
    time-outs that are numbers.
    """

    def __init__(
        self,
        executable: Path,
        binding: Binding,
        *,
        version: Version,
        limit: float,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(executable=str(executable))
        self._binding = binding
        self._version = version
        self._limit = limit
        self._on_line = on_line

    async def run(self, command: list[Any], input: bytes | None = None) -> bytes:  # noqa: A002 - pyhelm3's name
        """Return stdout, from where JSON begins if it was asked for; raise as `trouble` says."""
        arguments = [str(each) for each in command]
        try:
            finished = await self._finished(arguments, input or b"")
        except TimeoutError as error:
            raise trouble.timed_out(arguments[0]) from error
        except process.Flooded as error:
            raise trouble.flooded(arguments[0], self._executable) from error
        except OSError as error:
            raise trouble.not_run(self._executable, error) from error
        if finished.status == 0 and "json" in arguments:
            return self._from_json(arguments[0], finished.stdout)
        if finished.status == 0:
            return finished.stdout
        if finished.status < 0:
            raise trouble.killed(arguments[0], finished.status, finished.stderr)
        if trouble.release_missing(finished.stderr):
            raise Missing(finished.status, finished.stdout, finished.stderr.encode())
        raise trouble.explained(arguments[0], finished.stderr)

    async def _finished(self, arguments: list[str], stdin: bytes) -> process.Finished:
        argv = [self._executable, *arguments, *self._binding.flags]
        if arguments[0] in ("upgrade", "rollback") and self._version >= (4, 0, 0):
            argv += _HAVE_OUR_WAY
        # helm's own folders are this call's alone: no plug-ins, no repositories, no races.
        with tempfile.TemporaryDirectory(prefix="helm-", dir=own_folder.folder()) as folder:
            own = {f"HELM_{kind}_HOME": f"{folder}/{kind}" for kind in ("CACHE", "CONFIG", "DATA")}
            return await process.run(
                argv,
                environ={**own, **self._binding.environ},
                limit=self._limit,
                stdin=stdin,
                on_line=self._told,
            )

    def _told(self, line: str) -> None:
        if self._on_line:
            self._on_line(scrubbed(line))

    def _from_json(self, verb: str, stdout: bytes) -> bytes:
        """Skip what helm 4.2 and later prints before the JSON of a chart from a registry."""
        found = re.search(rb"^[{\[]|^null", stdout, re.MULTILINE)
        answer = stdout[found.start() :] if found else b""
        try:
            json.loads(answer)
        except ValueError as error:
            raise trouble.no_json(verb, self._executable, stdout) from error
        return answer

    async def fetch(self, reference: str, version: str, into: Path, *, plain_http: bool) -> None:
        """`helm pull --untar`, with the flag for plain HTTP that pyhelm3's `pull` lacks."""
        command = ["pull", reference, "--version", version, "--untar", "--untardir", str(into)]
        await self.run([*command, "--destination", str(into)] + ["--plain-http"] * plain_http)
