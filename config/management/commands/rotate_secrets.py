"""`manage.py rotate_secrets`: what is kept encrypted, encrypted anew under the newest key.

Every column of every app that is an EncryptedTextField, and what settings.SECRETS_ROTATED names. A row is written only
if it still holds what was read, so the server may run meanwhile, and the command may be ended and begun anew at any
moment.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import models
from django.db.models.functions import Cast
from django.utils.module_loading import import_string

from config.encrypted_fields import EncryptedTextField
from config.encryption import CannotDecrypt, decrypt, encrypt, is_newest

BATCH = 500


@dataclass
class Count:
    """Of one column: texts encrypted anew, texts that the newest key reads already, texts no key reads."""

    anew: int = 0
    newest: int = 0
    unreadable: int = 0


class Command(BaseCommand):
    help = "Encrypt stored secrets under the present SECRET_KEY, reading them with SECRET_KEYS_OLD too."

    def handle(self, *args: object, **options: object) -> None:
        unreadable = 0
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if isinstance(field, EncryptedTextField):
                    count = rotate(model, field)
                    unreadable += self._tell(f"{model._meta.label}.{field.name}", count)
        for name, path in settings.SECRETS_ROTATED.items():
            unreadable += self._tell(name, Count(*import_string(path)()))
        if unreadable:
            raise CommandError("Some secrets were encrypted with a key that is not in SECRET_KEY or SECRET_KEYS_OLD")

    def _tell(self, name: str, count: Count) -> int:
        self.stdout.write(
            f"{name}: {count.anew} encrypted anew, {count.newest} were up to date, {count.unreadable} cannot be read"
        )
        return count.unreadable


def rotate(model: type[models.Model], field: EncryptedTextField, using: str = "default") -> Count:
    """Walk one column by primary key, a batch at a time."""
    count = Count()
    stored = Cast(field.name, models.TextField())  # as it stands there
    rows = model._base_manager.using(using).annotate(stored=stored).exclude(stored=None).order_by("pk")
    batch = list(rows.values_list("pk", "stored")[:BATCH])
    while batch:
        for pk, text in batch:
            _rotate_one(rows.filter(pk=pk, stored=text), field, text, count)
        batch = list(rows.filter(pk__gt=batch[-1][0]).values_list("pk", "stored")[:BATCH])
    return count


def _rotate_one(row: models.QuerySet[models.Model], field: EncryptedTextField, stored: str, count: Count) -> None:
    if is_newest(stored):
        count.newest += 1
        return
    try:
        text = decrypt(stored)
    except CannotDecrypt:
        count.unreadable += 1
        return
    count.anew += row.update(**{field.name: models.Value(encrypt(text), output_field=models.TextField())})
