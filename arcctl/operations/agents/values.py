"""The helm values of the agents' chart (`connectedk8s.md` B.13)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.errors import AzureError, UsageError
from arcctl.model import plain_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arcctl.model.secret import Secret
    from arcctl.operations.request import ConnectRequest

Values = dict[str, Any]
_INTEGER = re.compile(r"0|[+-]?[1-9][0-9]*")
_LARGEST = 2**63
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
# From this version on the chart finds the key in a Secret; before, it renders one from a value,
# and would render an empty one without it (B.13).
_SECRET_SINCE = (1, 35, 3)


@dataclass(frozen=True, slots=True)
class AgentChart:
    """A chart on this disk, its version, and the values the region's service gave for it."""

    path: Path
    version: str
    given: Mapping[str, str]
    train: str = "stable"

    @property
    def takes_key_as_value(self) -> bool:
        """Whether the private key must also be passed as a value; on an unknown train it must."""
        if self.version.endswith("-dev"):
            return False
        known = self.train.lower() in ("stable", "preview")
        return not known or numbers(self.version) < _SECRET_SINCE


def numbers(version: str) -> tuple[int, ...]:
    """Return the three numbers of a version, by which versions are compared."""
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("-")[0])[:3])


def protected(request: ConnectRequest) -> dict[str, dict[str, Secret]]:
    """Return feature → setting → secret: what only helm may learn."""
    features = {name: dict(values) for name, values in request.protected_settings.items()}
    said = {
        "https_proxy": request.proxy.https,
        "http_proxy": request.proxy.http,
        "proxy_cert": request.proxy.certificate,
    }
    found = {name: value for name, value in said.items() if value is not None}
    if request.proxy.skip_range is not None:
        from arcctl.model.secret import Secret

        found["no_proxy"] = Secret(request.proxy.skip_range, parts=())
    if found:
        features["proxy"] = {**found, **features.get("proxy", {})}
    return features


def placeholders(secrets: dict[str, dict[str, Secret]]) -> dict[str, dict[str, str]]:
    """Return the same shape with `redacted:feature:setting`, which the service sends back."""
    return {
        feature: {name: f"redacted:{feature}:{name}" for name in values}
        for feature, values in secrets.items()
    }


def nested(
    given: Mapping[str, str], secrets: dict[str, dict[str, Secret]], *, known: bool = False
) -> Values:
    """Turn dotted keys into the tree helm wants, typed as `--set` types them, secrets filled in.

    With `known`, a secret that was not given is left out, because an earlier release holds it.
    """
    tree: Values = {}
    for key, text in given.items():
        if not text.startswith("redacted:"):
            put(tree, key, _typed(text))
        elif secret := _secret(text, secrets):
            put(tree, key, secret.reveal())
        elif not known:
            raise _not_given(text)
    return tree


def put(tree: Values, dotted: str, value: Any) -> None:
    """Set one value; a dot that is escaped with a backslash belongs to the name."""
    *parents, last = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", dotted)]
    for name in parents:
        branch = tree.setdefault(name, {})
        if not isinstance(branch, dict):
            branch = tree[name] = {}
        tree = branch
    tree[last] = value


def _secret(placeholder: str, secrets: dict[str, dict[str, Secret]]) -> Secret | None:
    """Resolve `redacted:feature:setting`; three parts exactly (trap 4)."""
    _, feature, name = (*placeholder.split(":", 2), "", "")[:3]
    return secrets.get(feature, {}).get(name)


def _not_given(placeholder: str) -> AzureError:
    what = placeholder.removeprefix("redacted:").replace(":", ".", 1)
    return AzureError(
        f"the configuration service asks for a secret that was not given: {what}",
        code="AZK8S0100",
        hints=f"--configuration-protected-settings {what}=VALUE",
    )


def _typed(text: str) -> Any:
    """`--set` reads booleans, null and integers; charts rely on it (`false` must not be a text)."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    whole = _INTEGER.fullmatch(text) and -_LARGEST <= int(text) < _LARGEST
    return int(text) if whole else text


def from_file(path: Path | None) -> Values:
    """Read the extra values file that HELMVALUESPATH names; absent is fine, as for the peer."""
    if path is None or not path.exists():
        return {}
    import yaml

    try:
        values = yaml.safe_load(plain_file.given_text(path)) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the values file {path}", why=str(error)) from error
    except RecursionError:
        raise UsageError(
            f"cannot read the values file {path}", why="it is nested too deeply"
        ) from None
    except yaml.YAMLError as error:
        # Not its whole text, which quotes the line, in which a secret may stand.
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: {getattr(error, 'problem', '')}" if mark else "not YAML"
        raise UsageError(f"cannot read the values file {path}", why=where) from None
    if not isinstance(values, dict):
        raise UsageError(f"the values file {path} is not a map of values")
    return values
