"""The fields of the published models, from the typed SDKs of their newest api-versions."""

from __future__ import annotations

import datetime
import importlib
import typing
from typing import TYPE_CHECKING, Any

from azure.mgmt.hybridkubernetes import models as clusters
from azure.mgmt.kubernetesconfiguration.extensions import models as extensions
from azure.mgmt.kubernetesconfiguration.fluxconfigurations import models as flux

if TYPE_CHECKING:
    from collections.abc import Iterator

CLUSTER, EXTENSION, FLUX = (
    clusters.ConnectedCluster,
    extensions.Extension,
    flux.FluxConfiguration,
)


def paths(model: Any, above: str = "", *, read: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield each field by its dotted name, and whether it is read-only, itself or what it is in.

    Entries of a map or a list are called `*`.
    """
    model()  # the fields are known once the first has been made
    hints = typing.get_type_hints(model, _names(model))
    for name, field in model._attr_to_rest_field.items():
        path = f"{above}{field._rest_name}"
        own = read or field._visibility == ["read"]
        yield path, own
        inner, several = _inner(hints[name])
        if inner is not None and not own:
            yield from paths(inner, f"{path}.*." if several else f"{path}.", read=own)


def _names(model: Any) -> dict[str, Any]:
    models = importlib.import_module(model.__module__.rpartition(".")[0])
    return {**vars(typing), "_models": models, "datetime": datetime, "typing": typing}


def _inner(hint: Any) -> tuple[Any, bool]:
    """Return the model that a field holds, if any, and whether it holds several."""
    if isinstance(hint, type) and hint.__module__.endswith("models._models"):
        return hint, False
    several = typing.get_origin(hint) in (list, dict)
    for each in typing.get_args(hint):
        found, more = _inner(each)
        if found is not None:
            return found, several or more
    return None, False
