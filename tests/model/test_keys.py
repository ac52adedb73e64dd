"""The key pair has the encodings that onboarding needs (`connectedk8s.md` B.11)."""

from __future__ import annotations

import base64

import pytest
from arcctl.errors import UsageError
from arcctl.model import keys
from cryptography.hazmat.primitives import serialization as how
from cryptography.hazmat.primitives.asymmetric import ec, rsa

OWNERS = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: how.PrivateFormat) -> str:
    """A private key as its owner would keep it."""
    return key.private_bytes(how.Encoding.PEM, form, how.NoEncryption()).decode()


@pytest.fixture(scope="module")
def pair() -> keys.KeyPair:
    """One new pair, which is expensive to make."""
    return keys.generate()


def test_the_public_half_is_base64_of_pkcs1(pair: keys.KeyPair) -> None:
    """704 characters without line breaks, 526 bytes of DER, 4096 bits, the usual exponent."""
    assert len(pair.public) == 704
    assert pair.public.startswith("MIICCgKCAgEA")
    assert pair.public.endswith("CAwEAAQ==")
    assert len(base64.b64decode(pair.public)) == 526


def test_the_private_half_is_a_pkcs1_pem(pair: keys.KeyPair) -> None:
    """Another encoding, or a newline at the end, breaks onboarding."""
    lines = pair.private.reveal().split("\n")

    assert lines[0] == "-----BEGIN RSA PRIVATE KEY-----"
    assert lines[-1] == "-----END RSA PRIVATE KEY-----"
    assert max(map(len, lines[1:-1])) == 64


def test_a_pair_is_read_back_from_its_private_half(pair: keys.KeyPair) -> None:
    """Whoever holds the private half can prove which resource is theirs."""
    assert keys.read(pair.private.reveal()) == pair


@pytest.mark.parametrize("form", [how.PrivateFormat.PKCS8, how.PrivateFormat.TraditionalOpenSSL])
def test_an_owners_key_is_read_in_both_forms(form: how.PrivateFormat) -> None:
    """PKCS#8 comes in, PKCS#1 goes on."""
    read = keys.read(pem(OWNERS, form))

    assert read.private.reveal() == pem(OWNERS, how.PrivateFormat.TraditionalOpenSSL).strip()


@pytest.mark.parametrize(
    "text",
    ["", "not a key", pem(ec.generate_private_key(ec.SECP256R1()), how.PrivateFormat.PKCS8)],
)
def test_what_is_no_rsa_key_is_refused(text: str) -> None:
    """Nothing of the text is repeated in the error."""
    with pytest.raises(UsageError, match="private key") as refused:
        keys.read(text)
    assert "BEGIN" not in " ".join((refused.value.message, *refused.value.why))


def test_a_pair_does_not_print_its_private_half(pair: keys.KeyPair) -> None:
    """Not even where the whole value is printed."""
    assert "PRIVATE" not in repr(pair)
