"""Kubeconfig into a connection, by the `kubernetes` package's own loader.

Importing this module imports that package, about 0.2 s; nothing else here does. The loader
itself swallows what a credential plug-in says when it fails; `Loader` raises it.
"""

from __future__ import annotations

import base64
import copy
import re
import ssl
import tempfile
import threading
from typing import TYPE_CHECKING, Any

import yaml
from kubernetes.client import Configuration
from kubernetes.config import ConfigException, kube_config
from kubernetes.config.exec_provider import ExecProvider
from urllib3.util.ssl_ import create_urllib3_context

from arcctl.clients.kubernetes import kubeconfig
from arcctl.clients.kubernetes.environment import for_plugin
from arcctl.clients.kubernetes.kubeconfig import Chosen, unusable
from arcctl.model import mask
from arcctl.model.kubeconfig import TOO_DEEP
from arcctl.model.redaction import secret_leaves, secret_words
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arcctl.settings import Settings

SHAPELESS = (KeyError, TypeError, AttributeError)
BROKEN = (*SHAPELESS, ConfigException, ValueError, OSError, yaml.YAMLError)

_FIT = re.compile(r"[\x20-\x7e\xa0-\xff]*")

SPEAKING = ("exec:", "File does not exist", "Invalid kube-config. ")


class Loader(kube_config.KubeConfigLoader):  # type: ignore[misc]  # the package has no types
    """The package's loader with credential plug-ins that fail aloud."""

    environ: Mapping[str, str]

    def _load_from_exec_plugin(self) -> bool:
        """Run the plug-in with arcctl's environment; take its token, certificate, or both."""
        if not self._user.safe_get("exec"):
            return False
        base = self._get_base_path(self._cluster.path)
        provider = ExecProvider(self._user["exec"], base, self._cluster)
        wanted = self._user["exec"].safe_get("env") or []
        provider.env = {**self.environ, **{each["name"]: each["value"] for each in wanted}}
        try:
            self._take(provider.run())
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ConfigException("exec: what the plug-in printed is no credential") from error
        return True

    def _take(self, status: dict[str, Any]) -> None:
        if status.get("token"):
            mask.current().add(str(status["token"]))
            self.token = f"Bearer {status['token']}"
        if status.get("clientCertificateData"):
            self.cert_file = self._temporary(status["clientCertificateData"])
            self.key_file = self._temporary(status["clientKeyData"])
        if status.get("expirationTimestamp"):
            self.expiry = kube_config.parse_rfc3339(status["expirationTimestamp"])
        if not (status.get("token") or status.get("clientCertificateData")):
            raise ConfigException("exec: the plug-in returned neither a token nor a certificate")

    def _temporary(self, text: str) -> str:
        return str(kube_config._create_temp_file_with_content(text, self._temp_file_path))


class Session:
    """What a connection needs, renewed on demand; used from several threads.

    `tls` holds the certificates and the key. The package can read them from files only: those lie
    in a private folder for as long as it reads, and no kill later on leaves a key behind.
    """

    tls: ssl.SSLContext

    def __init__(self, chosen: Chosen, loader: Loader, *, insecure: bool) -> None:
        self.chosen = chosen
        self._loader = loader
        self._insecure = insecure
        self._lock = threading.Lock()
        self.configuration = Configuration()
        mask.current().add(*_secrets(chosen.user))
        self._load()

    def _load(self) -> None:
        with tempfile.TemporaryDirectory(prefix="arcctl-") as folder:
            self._loader._temp_file_path = folder
            try:
                self._loader.load_and_set(self.configuration)
            except BROKEN as error:
                raise _explained(self.chosen, error) from error
            self.tls = self._tls()

    @property
    def insecure(self) -> bool:
        """Whether the server's certificate is not verified: by the flag, or by the kubeconfig."""
        return self._insecure or not self.configuration.verify_ssl

    def _tls(self) -> ssl.SSLContext:
        """Make the context once: the package would read the files again for each connection."""
        configuration, insecure = self.configuration, self.insecure
        context = create_urllib3_context(cert_reqs=ssl.CERT_NONE if insecure else ssl.CERT_REQUIRED)
        # Python 3.13 began to demand extensions that many clusters' own CAs lack; kubectl does not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        try:
            if not insecure and configuration.ssl_ca_cert:
                context.load_verify_locations(configuration.ssl_ca_cert)
            elif not insecure:
                context.load_default_certs()
            if configuration.cert_file:
                context.load_cert_chain(configuration.cert_file, configuration.key_file)
        except (OSError, ValueError) as error:
            context_name = self.chosen.context
            raise unusable(
                f"the certificates or proxy of {context_name} cannot be used", str(error)
            ) from error
        return context

    def authorization(self) -> str | None:
        """Return the header's value; this is where an expired token is renewed."""
        with self._lock:
            try:
                found = self.configuration.get_api_key_with_prefix("BearerToken")
            except BROKEN as error:
                raise _explained(self.chosen, error) from error
        # A file may end in a newline, which no header may hold; client-go trims it too.
        header = (found or "").strip()
        mask.current().add(header.partition(" ")[2])
        if not _FIT.fullmatch(header):
            # The library that sends it would quote it whole in what it raises.
            raise unusable(
                f"the credential of context {self.chosen.context} cannot be sent",
                "it holds a line break, or another character that a header may not hold",
                hints=("sign in to the cluster again, then: kubectl auth whoami",),
            )
        return header or None

    def renew(self) -> bool:
        """Sign in anew after a 401; False where the kubeconfig holds all there is."""
        user = self.chosen.user
        if not any(user.get(each) for each in ("exec", "tokenFile", "auth-provider")):
            return False
        with self._lock:
            self._load()
        return True


def load(settings: Settings) -> Session:
    """Read the files and sign in; every fault in them is a ClusterError AZK8S0200. Blocks."""
    merger = kube_config.KubeConfigMerger("")
    for path in kubeconfig.locate(settings):
        try:
            merger.load_config(str(kubeconfig.readable(path)))
            merger.config_saved = copy.deepcopy(merger.config_files)
        except RecursionError:
            raise unusable(f"cannot read the kubeconfig {path}", TOO_DEEP) from None
        except SHAPELESS as error:
            raise _another_shape(str(path)) from error
        except BROKEN as error:
            raise unusable(f"cannot read the kubeconfig {path}", _first(error)) from error
    chosen = _chosen(merger, settings.flags.kube_context)
    try:
        loader = Loader(
            merger.config,
            active_context=chosen.context,
            config_base_path=None,
            config_persister=merger.save_changes,
        )
    except BROKEN as error:
        raise _explained(chosen, error) from error
    loader.environ = for_plugin(settings.environ, chosen.plugin)
    return Session(chosen, loader, insecure=settings.flags.skip_ssl_verification)


def _secrets(user: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a user's entry must not show: tokens, passwords, and the client's key."""
    yield from secret_leaves(dict(user))
    yield from secret_words((user.get("exec") or {}).get("args") or ())
    try:
        yield base64.b64decode(str(user.get("client-key-data") or "")).decode()
    except ValueError:
        return  # what is no key at all is told when it is used


def _chosen(merger: Any, wanted: str | None) -> Chosen:
    merged = {
        section: [node.value for node in merger.config.value[section]]
        for section in ("contexts", "clusters", "users")
    }
    try:
        return kubeconfig.choose(merger.config_files, merged, wanted)
    except SHAPELESS as error:
        raise _another_shape(", ".join(merger.config_files)) from error


def _another_shape(path: str) -> Exception:
    return unusable(f"{path} is not a kubeconfig", "clusters, users and contexts are lists of maps")


def _explained(chosen: Chosen, error: BaseException) -> Exception:
    message = _first(error)
    if isinstance(error, FileNotFoundError) and chosen.plugin:
        install = str((chosen.user.get("exec") or {}).get("installHint") or "").strip()
        hints = (install,) if install else (f"install {chosen.plugin}, or put it on PATH",)
        return unusable(
            f"the credential plug-in {chosen.plugin} is not there", message, hints=hints
        )
    if message.startswith("exec:") and chosen.plugin:
        return unusable(f"the credential plug-in {chosen.plugin} failed", message)
    return unusable(f"context {chosen.context} cannot be used", message)


def _first(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, ConfigException) and not text.startswith(SPEAKING):
        # The package's other messages quote the whole entry of the file, token and all.
        return "an entry of it lacks what it needs"
    return scrubbed(mask.current().text(text))[:500] or type(error).__name__
