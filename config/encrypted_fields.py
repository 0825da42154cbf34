"""A model field whose text is encrypted in the database and plain in Python."""

from __future__ import annotations

from typing import Any

from django.db import models

from config.encryption import CannotDecrypt, decrypt, encrypt, is_encrypted


class Unreadable(str):
    """What stands for a stored text that no key reads: empty, and saved again just as it was stored."""

    stored: str

    @classmethod
    def of(cls, stored: str) -> Unreadable:
        made = cls("")
        made.stored = stored
        return made


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that only this server's SECRET_KEY reads.

    It cannot be searched, ordered or compared in the database. A text that cannot be decrypted is read as
    `Unreadable`, so that a list of a hundred is not lost for one of them; whoever uses it asks for that.
    """

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        if value is None or not is_encrypted(value):
            return value
        try:
            return decrypt(value)
        except CannotDecrypt:
            return Unreadable.of(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> object:
        if isinstance(value, Unreadable):
            return value.stored
        return super().get_db_prep_save(encrypt(value) if isinstance(value, str) else value, connection)
