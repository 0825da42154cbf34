"""Text that is kept encrypted: Fernet (AES-128-CBC and HMAC-SHA256), with keys made from SECRET_KEY.

A key of its own is derived by HKDF (RFC 5869) with this purpose in `info`, so that nothing kept here can be
read with what SECRET_KEY gives elsewhere. SECRET_KEYS_OLD are earlier values of SECRET_KEY: what they
encrypted can still be read, and `manage.py rotate_secrets` encrypts it anew. Knows no models.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PREFIX = "enc1:"  # what does not begin with it was stored before anything was encrypted
_PURPOSE = b"fourgate: text at rest, version 1"


class CannotDecrypt(ValueError):
    """Neither SECRET_KEY nor SECRET_KEYS_OLD made this text."""


def encrypt(text: str) -> str:
    """The text under the newest key; another result each time."""
    return PREFIX + _fernets()[0].encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """The text again. What bears no prefix is answered as it is. Raises CannotDecrypt."""
    if not is_encrypted(stored):
        return stored
    try:
        return MultiFernet(_fernets()).decrypt(stored.removeprefix(PREFIX)).decode()
    except (InvalidToken, ValueError):  # ValueError: no base64, no UTF-8
        raise CannotDecrypt("The text was encrypted with another SECRET_KEY") from None


def is_encrypted(stored: str) -> bool:
    return stored.startswith(PREFIX)


def is_newest(stored: str) -> bool:
    """Whether the newest key reads it, so that rotating it changes nothing."""
    if not is_encrypted(stored):
        return False
    try:
        _fernets()[0].decrypt(stored.removeprefix(PREFIX))
    except (InvalidToken, ValueError):
        return False
    return True


def _fernets() -> Sequence[Fernet]:
    """The newest first."""
    return _derived((settings.SECRET_KEY, *settings.SECRET_KEYS_OLD))


@lru_cache(maxsize=8)
def _derived(keys: tuple[str, ...]) -> tuple[Fernet, ...]:
    return tuple(
        Fernet(urlsafe_b64encode(HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(each.encode())))
        for each in keys
    )
