"""The RSA pair by which a cluster proves who it is (`connectedk8s.md` B.11).

The public half travels to ARM as base64 of the DER of PKCS#1 RSAPublicKey; the private half to
the cluster as a PKCS#1 PEM without a newline at its end. Another encoding breaks onboarding.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.errors import UsageError
from arcctl.model import mask
from arcctl.model.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

BITS = 4096
REPLACES = "arcctl/replaces-key"
"""Annotation on a Secret: the digest of the resource's public key that this one is to replace."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """`public` is what ARM stores, `private` the PEM that only the cluster may hold."""

    public: str
    private: Secret


def digest(public: str) -> str:
    """Return a short name of a public key, by which it is known again."""
    return hashlib.sha256(public.strip().encode()).hexdigest()


def generate() -> KeyPair:
    """Make a new pair. Takes 0.1 to 1.6 s of one core, so call it from a thread."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return _pair(rsa.generate_private_key(public_exponent=65537, key_size=BITS))


def read(pem: str, *, proved: bool = True) -> KeyPair:
    """Read a key, PKCS#1 or PKCS#8, without a password; raise UsageError otherwise.

    Proving that its numbers are prime takes a quarter of a second. A key that is only compared
    with the one in ARM need not be `proved`.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(
            pem.encode(), password=None, unsafe_skip_rsa_key_validation=not proved
        )
    except (ValueError, TypeError) as error:
        raise UsageError(
            "the private key cannot be read", why="expected an RSA key as PEM without a password"
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise UsageError("the private key is not an RSA key", why="Azure Arc accepts RSA only")
    return _pair(key)


def _pair(key: RSAPrivateKey) -> KeyPair:
    from cryptography.hazmat.primitives import serialization as how

    public = key.public_key().public_bytes(how.Encoding.DER, how.PublicFormat.PKCS1)
    private = key.private_bytes(
        how.Encoding.PEM, how.PrivateFormat.TraditionalOpenSSL, how.NoEncryption()
    )
    shown = base64.b64encode(public).decode()
    # The modulus stands in both halves, and is written alike in both.
    mask.current().show(shown)
    return KeyPair(shown, Secret(private.decode().strip()))
