"""How a sandbox is to be, as given on the command line or by a test."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

HTTPS_PORT = 443


@dataclass(frozen=True, slots=True)
class Options:
    """`port` 0 lets the system choose; `hosts` are further names for the certificate.

    `kube_context` plays against a cluster of the user's own instead of `clusters` embedded ones.
    `profile` is `instant`, where nothing takes time, `recorded`, where all takes as long as it did
    on the real service, or `demo`, where only deleting a cluster does. `seed` names what is there from the start.
    """

    home: Path
    port: int = 0
    hosts: tuple[str, ...] = ()
    kube_context: str | None = None
    kube_config: str | None = None
    profile: str = "instant"
    clusters: int = 1
    nodes: int = 3
    seed: str = ""

    def to_json(self) -> str:
        return json.dumps({**asdict(self), "home": str(self.home)})

    @classmethod
    def from_json(cls, text: str) -> Options:
        known = json.loads(text)
        return cls(**{**known, "home": Path(known["home"]), "hosts": tuple(known["hosts"])})

    def authority(self, port: int) -> str:
        """Return the host by which everyone reaches the sandbox; 443 goes without saying."""
        host = self.hosts[0] if self.hosts else "127.0.0.1"
        return host if port == HTTPS_PORT else f"{host}:{port}"
