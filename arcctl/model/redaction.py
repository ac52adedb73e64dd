"""Takes secrets out of what is handed to others: by their name, by their shape, by their value.

For evidence, which strangers read whole: stricter than `scrub`, on which it stands. Documents are
redacted leaf by leaf, so that they keep their form; other programs' text as it comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from arcctl.model.scrub import HIDDEN, scrubbed, secrets_of
from arcctl.model.spelling import Finder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_WORDS = (
    r"pass(?:word|wd|phrase)|pwd|secret|token|credential|authorization|cookie"
    r"|(?:private|api|access|account|shared|instrumentation)[-_]?key|connection[-_]?string"
)
_SAYS_SECRET = re.compile(_WORDS, re.IGNORECASE)
# They name a secret, or say something of it; none is one.
_ONLY_NAMES = re.compile(
    r"(name|namespace|ref|type|class|path|count|expir\w*|seconds|enabled|mount\w*)$",
    re.IGNORECASE,
)
_PROTECTED = re.compile(r"protected_?settings$", re.IGNORECASE)
_LAST_APPLIED = "last-applied-configuration"
# Each with the words without one of which it finds nothing: looking for these is much quicker.
_TEXT = (
    # Nobody reads a run of this length, and looking at it closely would take long.
    ((), re.compile(r"[A-Za-z0-9+/=_-]{200,}"), HIDDEN),
    (
        ("authorization",),
        re.compile(r"(?i)\b((?:proxy-)?authorization\\?[\"']?\s*[:=]\s*\\?[\"']?)[^\r\n\"']+"),
        rf"\1{HIDDEN}",
    ),
    (("basic ",), re.compile(r"\b[Bb]asic [A-Za-z0-9+/=]{8,}"), f"Basic {HIDDEN}"),
    (("@",), re.compile(r"(?<=://)[^/\s@\"'?]{1,512}@"), f"{HIDDEN}@"),
    (("sig",), re.compile(r"(?i)\b(sig|signature)=[^&\s\"']+"), rf"\1={HIDDEN}"),
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), re.compile(r"\bgh[pousr]_\w{20,}"), HIDDEN),
    (
        ("pass", "pwd", "secret", "token", "credential", "auth", "cookie", "key", "connection"),
        re.compile(
            rf"(?i)({_WORDS})([\w-]{{0,40}}\\?[\"']?[ \t]*[:=][ \t]*)"
            r"(?!\[hidden\])(\\?\"[^\"\r\n]*\"|'[^'\r\n]*'|[^\s\"',;&}\]]+)"
        ),
        rf"\1\2{HIDDEN}",
    ),
)
_ONE_OF_MANY = re.compile(rf"(?:{re.escape(HIDDEN)}){{2,}}[A-Za-z0-9+/=]*")
_SAYS_NOTHING = (None, "", True, False, "true", "false")
_SHORTEST = 6


@dataclass(frozen=True)
class Redactor:
    """Knows some secrets by value; `on` is False where a person wants everything as it is.

    Even then the contents of Secrets and private keys are left out, as the peer leaves them out.
    """

    known: tuple[str, ...] = ()
    on: bool = True

    def text(self, text: str) -> str:
        """Return other programs' words without what looks or is known to be secret."""
        if not self.on:
            return _without_keys(text)
        text = self.without_known(text)
        small = text.lower()
        for words, pattern, instead in _TEXT:
            if not words or any(word in small for word in words):
                text = pattern.sub(instead, text)
        return _ONE_OF_MANY.sub(HIDDEN, scrubbed(text))

    def without_known(self, text: str) -> str:
        """Take out the known secrets alone, which harms no form."""
        return _finder(self.known).without(text, HIDDEN) if self.on and self.known else text

    def document(self, value: Any, name: str = "") -> Any:
        """Return plain JSON with its secret leaves hidden, and without `managedFields`."""
        if isinstance(value, dict):
            return self._map(value, name)
        if isinstance(value, list | tuple):
            return [self.document(each, name) for each in value]
        if _LAST_APPLIED in name or (_says_secret(name) and value not in _SAYS_NOTHING):
            return HIDDEN if self.on or _is_key(name) else value
        return self.text(value) if isinstance(value, str) else value

    def _map(self, value: Mapping[str, Any], name: str) -> dict[str, Any]:
        if value.get("kind") == "Secret":
            value = {key: each for key, each in value.items() if key not in ("data", "stringData")}
        if self.on and _PROTECTED.search(name):
            return dict.fromkeys(value, HIDDEN)
        return {
            self.without_known(str(key)): self.document(
                each, _beside(value) if key == "value" else str(key)
            )
            for key, each in value.items()
            if key != "managedFields"
        }


def _beside(entry: Mapping[str, Any]) -> str:
    """Return the name of an entry of `env`, which stands beside its value."""
    return str(entry.get("name") or "")


@lru_cache(maxsize=4)
def _finder(known: tuple[str, ...]) -> Finder:
    return Finder(known)


def _says_secret(name: str) -> bool:
    return bool(_SAYS_SECRET.search(name)) and not _ONLY_NAMES.search(name)


def _is_key(name: str) -> bool:
    return "privatekey" in name.lower() or "clientsecret" in name.lower()


def _without_keys(text: str) -> str:
    return re.sub(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [^-]+-----|\Z)",
        HIDDEN,
        text,
        flags=re.DOTALL,
    )


def secret_leaves(value: Any, name: str = "") -> Iterator[str]:
    """Yield the values of a document that stand under a secret's name, and passwords of its URLs."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from secret_leaves(each, _beside(value) if key == "value" else str(key))
    elif isinstance(value, list):
        for each in value:
            yield from secret_leaves(each, name)
    elif isinstance(value, str):
        yield from secrets_of({"": value})
        if _says_secret(name):
            yield value


def secret_words(words: Sequence[str]) -> Iterator[str]:
    """Yield the values of a command line that follow a secret's option: `--token X`, `--token=X`."""
    for word, following in pairwise((*words, "")):
        option, equals, value = word.partition("=")
        if not equals and option.startswith("-") and not following.startswith("--"):
            value = following
        yield from secret_leaves(value, option)


def worth_hiding(secrets: Iterable[str], harmless: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the secrets that are looked for in text, and the long lines of each.

    What is `harmless`, or as short as a word, is left out: hiding it would spoil everything.
    """
    found: set[str] = set()
    spared = {each.lower() for each in harmless}
    for secret in secrets:
        plain = secret.strip()
        if len(plain) < _SHORTEST or plain.lower() in spared:
            continue
        found |= {plain, *(line for line in plain.splitlines() if len(line) >= 40)}
    return tuple(sorted(found, key=lambda each: (-len(each), each)))
