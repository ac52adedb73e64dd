"""The three kinds of configuration that a connected cluster has (`arm.md` 3)."""

from __future__ import annotations

from enum import StrEnum

PROVIDER = "Microsoft.KubernetesConfiguration"


class Kind(StrEnum):
    """A kind, by the last part of its resource type."""

    EXTENSION = "extensions"
    FLUX = "fluxConfigurations"
    SOURCE_CONTROL = "sourceControlConfigurations"

    @property
    def word(self) -> str:
        """What a person calls one of them."""
        return _WORDS[self]

    @property
    def resource_type(self) -> str:
        """The type as ARM writes it in full."""
        return f"{PROVIDER}/{self}"

    @classmethod
    def named(cls, text: str) -> Kind | None:
        """Return the kind that a text names, in whatever case, or None."""
        return next((kind for kind in cls if kind.lower() == text.strip().lower()), None)


_WORDS = {
    Kind.EXTENSION: "extension",
    Kind.FLUX: "Flux configuration",
    Kind.SOURCE_CONTROL: "source control configuration",
}
