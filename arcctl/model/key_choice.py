"""Which key pair a moved cluster has: its own, a new one, or one that a person brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["kept", "new", "brought"]


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """`kept` leaves the public key as it was; `why` tells why it cannot or should not stay."""

    kind: Kind
    why: str = ""
