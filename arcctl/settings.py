"""Flags, environment and config files, turned into one frozen value.

The order is az's: flag, environment, arcctl's own file, az's file, built-in default.
The environment travels inside the value, so that nothing further down reads `os.environ`.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.errors import UsageError
from arcctl.model import plain_file
from arcctl.model.names import is_guid
from arcctl.model.next_command import Way
from arcctl.model.surroundings import Streams

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUOTES = ("'", '"')
OUTPUTS = ("json", "jsonc", "yaml", "yamlc", "table", "tsv", "none")


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line said about everything but the verb itself; None is "not said"."""

    subscription: str | None = None
    cloud: str | None = None
    output: str | None = None
    query: str | None = None
    progress: str | None = None
    only_show_errors: bool = False
    verbose: bool = False
    debug: bool = False
    helm: str | None = None
    kube_config: str | None = None
    kube_context: str | None = None
    skip_ssl_verification: bool = False
    skip_cluster_check: bool = False
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a command was told, wherever it was told."""

    environ: Mapping[str, str]
    streams: Streams = field(default_factory=Streams)
    flags: Flags = field(default_factory=Flags)
    cloud: str = "AzureCloud"
    subscription: str | None = None
    default_subscription: str | None = None
    """The one that is taken where no flag names another."""
    tenant: str | None = None
    group: str | None = None
    location: str | None = None
    output: str | None = None
    helm: str | None = None
    correlation_id: str = ""
    config_home: Path = Path()
    cache_home: Path = Path()
    state_home: Path = Path()

    @property
    def kube_config(self) -> str | None:
        """The kubeconfig named on the command line, without the quotes that the peer strips."""
        path = self.flags.kube_config or ""
        start, end = path[:1] in _QUOTES, path[1:][-1:] in _QUOTES
        return path[1 if start else 0 : len(path) - 1 if end else None] or None

    @property
    def way(self) -> Way:
        """What the next command must say again to reach the same cluster and cloud."""
        return Way(self.flags.kube_context, self.kube_config, self.flags.cloud)

    @property
    def in_ci(self) -> bool:
        """Whether this is a pipeline, which wants plain lines."""
        return self.environ.get("CI", "").lower() in ("true", "1")


def read(environ: Mapping[str, str], flags: Flags, streams: Streams | None = None) -> Settings:
    """Look in all places, once; the streams are the process's own where none are given."""
    own = _own_config(environ)
    az = _az_config(environ)
    default = (
        environ.get("AZURE_SUBSCRIPTION_ID") or own.get("subscription") or _az_subscription(environ)
    )
    cloud = flags.cloud or environ.get("ARCCTL_CLOUD") or environ.get("AZURE_CLOUD_NAME")
    return Settings(
        environ=environ,
        streams=streams or Streams(),
        flags=flags,
        cloud=cloud or own.get("cloud") or az.get("cloud") or "AzureCloud",
        subscription=flags.subscription or default,
        tenant=environ.get("AZURE_TENANT_ID"),
        group=environ.get("AZURE_DEFAULTS_GROUP") or own.get("group") or az.get("group"),
        location=(
            environ.get("AZURE_DEFAULTS_LOCATION") or own.get("location") or az.get("location")
        ),
        output=_output(environ, flags, own, az),
        helm=flags.helm or environ.get("ARCCTL_HELM") or own.get("helm"),
        correlation_id=_correlation_id(flags),
        default_subscription=default,
        **_homes(environ),
    )


def _output(
    environ: Mapping[str, str], flags: Flags, own: dict[str, str], az: dict[str, str]
) -> str | None:
    chosen = (
        flags.output
        or environ.get("ARCCTL_OUTPUT")
        or environ.get("AZURE_CORE_OUTPUT")
        or own.get("output")
        or az.get("output")
    )
    if chosen and chosen.lower() not in OUTPUTS:
        raise UsageError(f"unknown output format: {chosen}", why="one of " + ", ".join(OUTPUTS))
    return chosen.lower() if chosen else None


def _correlation_id(flags: Flags) -> str:
    if flags.correlation_id and not is_guid(flags.correlation_id):
        raise UsageError(f"--correlation-id is a GUID, not {flags.correlation_id!r}")
    return flags.correlation_id or str(uuid.uuid4())


def _homes(environ: Mapping[str, str]) -> dict[str, Path]:
    """Return arcctl's three folders; ARCCTL_HOME moves them all, as one runner may want."""
    if moved := environ.get("ARCCTL_HOME"):
        home = Path(moved)
        return {
            "config_home": home / "config",
            "cache_home": home / "cache",
            "state_home": home / "state",
        }
    import platformdirs

    dirs = platformdirs.PlatformDirs("arcctl", appauthor=False)
    return {
        "config_home": dirs.user_config_path,
        "cache_home": dirs.user_cache_path,
        "state_home": dirs.user_state_path,
    }


def _own_config(environ: Mapping[str, str]) -> dict[str, str]:
    path = _homes(environ)["config_home"] / "config.toml"
    try:
        values = _toml(plain_file.text(path))
    except FileNotFoundError:
        return {}
    except NotADirectoryError as error:
        moved = environ.get("ARCCTL_HOME")
        place = f"ARCCTL_HOME is {moved}, which" if moved else f"{path.parent}"
        raise UsageError(
            f"{place} is no folder",
            why=f"{path} cannot lie there: a file stands where a folder must be",
            hints="export ARCCTL_HOME=FOLDER" if moved else f"ls -ld {path.parent}",
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}", why=str(error)) from error
    return {key: str(value) for key, value in values.items()}


def _toml(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def az_home(environ: Mapping[str, str]) -> Path:
    """Where az keeps its files."""
    configured = environ.get("AZURE_CONFIG_DIR")
    return (
        Path(configured) if configured else Path(environ.get("HOME", "~")).expanduser() / ".azure"
    )


def _az_config(environ: Mapping[str, str]) -> dict[str, str]:
    """Read the few keys of az's INI file that arcctl honours; a broken file is az's to mend."""
    try:
        text = plain_file.text(az_home(environ) / "config")
    except (OSError, UnicodeDecodeError):
        return {}
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    wanted = {
        "output": ("core", "output"),
        "cloud": ("cloud", "name"),
        "group": ("defaults", "group"),
        "location": ("defaults", "location"),
    }
    found = {key: parser.get(section, name, fallback="") for key, (section, name) in wanted.items()}
    return {key: value for key, value in found.items() if value}


def _az_subscription(environ: Mapping[str, str]) -> str | None:
    """Return the subscription that `az account set` chose; az writes the file with a BOM."""
    try:
        text = plain_file.text(az_home(environ) / "azureProfile.json", "utf-8-sig")
        known = json.loads(text)["subscriptions"]
        return next((each["id"] for each in known if each.get("isDefault")), None)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None  # a broken file is az's to mend
