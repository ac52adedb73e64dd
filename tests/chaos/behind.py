"""A stage whose arcctl, and whose helm, reach Azure and the clusters through proxies only."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trustme
from tests.chaos import oracle, scenes
from tests.chaos.proxy import Proxy
from tests.chaos.weather import Weather
from tests.matrix.beginnings import Theatre
from tests.matrix.quick import quickened
from tests.stage import staged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.chaos.oracle import Picture
    from tests.matrix.beginnings import Making
    from tests.matrix.quick import QuickStage
    from tests.stage import Stage

_PATIENCE = 30


@dataclass
class House:
    """The theatre, and the weather around it."""

    theatre: Theatre
    weather: Weather
    proxies: list[Proxy]
    _examples: list[Picture] = field(default_factory=list)

    @property
    def example(self) -> Picture:
        """The world in which harbor is connected, made without any fault."""
        if not self._examples:
            raise LookupError("it must be made before a scene stands")
        return self._examples[0]

    def make_examples(self) -> None:
        """Look at what a calm connect makes."""
        if not self._examples:
            self.begin(scenes.bare)
            self._examples.append(self.look())

    def begin(self, making: Making) -> None:
        """Let a scene stand."""
        self.theatre.begin(making)

    def look(self) -> Picture:
        """Look at everything, past the proxies."""
        return oracle.picture(self.stage, self.clusters)

    @property
    def clusters(self) -> Mapping[str, Any]:
        """What there is in each cluster, by its name."""
        return self.stage.sandbox.clusters

    @property
    def stage(self) -> QuickStage:
        return self.theatre.stage

    @property
    def troubles(self) -> list[str]:
        """What went wrong in the proxies and in the sandbox that was not meant to."""
        own = [each for proxy in self.proxies for each in proxy.troubles]
        return [*own, *self.stage.world.crashes]


@contextmanager
def housed(folder: Path, helm: Path) -> Iterator[House]:
    """Put up a sandbox with two clusters, and a proxy before each door of it."""
    with staged(folder, helm, clusters=2) as slow:
        config = json.loads(slow.sandbox.home.kubeconfig.read_text())
        with exposed(slow, config) as (weather, proxies), quickened(slow) as stage:
            yield House(Theatre(stage), weather, proxies)


@contextmanager
def exposed(
    stage: Stage, config: dict[str, Any], authority: str = ""
) -> Iterator[tuple[Weather, list[Proxy]]]:
    """Put a proxy before Azure and before each cluster of a kubeconfig, and lead arcctl there.

    `authority` is the certificate of who vouches for the clusters, where it is not the sandbox.
    """
    own_ca, folder = trustme.CA(), stage.folder
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own_ca.issue_cert("127.0.0.1", "localhost").configure_cert(own)
    trust = ssl.create_default_context(cafile=str(stage.sandbox.home.ca))
    if authority:
        trust.load_verify_locations(cadata=authority)
    weather = Weather()
    ports = {"arm": stage.sandbox.port} | {
        each["name"]: int(each["cluster"]["server"].rpartition(":")[2])
        for each in config["clusters"]
    }
    proxies = [Proxy(name, port, weather, own, trust) for name, port in ports.items()]
    run = asyncio.run_coroutine_threadsafe
    for each in proxies:
        run(each.open(), stage.loop).result(_PATIENCE)
    own_pem = own_ca.cert_pem.bytes().decode()
    environment = _environment(folder, stage.sandbox.home.ca.read_text(), own_pem)
    _aim(config, proxies, own_pem, folder / "kubeconfig")
    base = f"https://127.0.0.1:{proxies[0].port}"
    environment |= {"ARCCTL_CLOUD": base, "AZURE_AUTHORITY_HOST": base}
    stage.sandbox.environment.update(environment)
    stage.within(lambda: setattr(stage.world, "base_url", base))
    try:
        yield weather, proxies
    finally:
        for each in proxies:
            run(each.close(), stage.loop).result(_PATIENCE)


def _environment(folder: Path, sandbox: str, own: str) -> dict[str, str]:
    bundle = folder / "bundle.pem"
    bundle.write_text(own + sandbox)
    return {
        "KUBECONFIG": str(folder / "kubeconfig"),
        "REQUESTS_CA_BUNDLE": str(bundle),
        "SSL_CERT_FILE": str(bundle),
    }


def _aim(config: dict[str, Any], proxies: list[Proxy], own: str, path: Path) -> None:
    """Write a kubeconfig that leads to the proxies."""
    ports = {each.wire: each.port for each in proxies}
    for each in config["clusters"]:
        each["cluster"]["server"] = f"https://127.0.0.1:{ports[each['name']]}"
        each["cluster"]["certificate-authority-data"] = base64.b64encode(own.encode()).decode()
    path.write_text(json.dumps(config))
    path.chmod(0o600)
