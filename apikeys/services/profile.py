"""What a person says of themselves: their name, and how the pages are shown to them, in every workspace."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import get_language_info

from apikeys.activity.sessions import note_of_user
from apikeys.models import Member, Preferences
from apikeys.services.inputs import check_person_name
from config.errors import InvalidInput
from metadata.models import Workspace

UTC = "Etc/UTC"
ENGLISH = "en"  # what the texts are written in


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """The zones that people live in by their IANA names, UTC last; none on a machine without the database of zones."""
    found = available_timezones()
    places = {each for each in found if "/" in each and not each.startswith(("Etc/", "SystemV/", "US/", "posix/"))}
    return (*sorted(each for each in places if not each.startswith("right/")), UTC) if UTC in found else ()


def languages() -> list[tuple[str, str]]:
    """(code, name in itself) of those that the pages' texts are translated to: a folder of LOCALE_PATHS each."""
    codes = {ENGLISH}
    for folder in map(Path, settings.LOCALE_PATHS):
        codes |= {each.parent.parent.name.replace("_", "-").lower() for each in folder.glob("*/LC_MESSAGES/django.mo")}
    return [(code, get_language_info(code)["name_local"]) for code in sorted(codes)]


@transaction.atomic
def profile_update(
    user: User, *, first_name: str, last_name: str, time_zone: str = "", language: str | None = None
) -> None:
    """Change all of it; an empty zone is the browser's, an absent language stays.

    Raises InvalidInput for a name without a visible character, or a zone or language that is not there.
    """
    for path, text in (("firstName", first_name), ("lastName", last_name)):
        check_person_name(text, path)
    if time_zone and time_zone not in time_zones():
        raise InvalidInput([f"{time_zone[:64]} is no time zone"])
    if language and language not in dict(languages()):
        raise InvalidInput([f"There is no translation to {language[:16]}"])
    preferences, _ = Preferences.objects.get_or_create(user=user)
    before = _facts(user, preferences)
    user.first_name, user.last_name = first_name.strip(), last_name.strip()
    user.save(update_fields=["first_name", "last_name"])
    preferences.time_zone = time_zone
    preferences.language = preferences.language if language is None else language
    preferences.save()
    if before != _facts(user, preferences):
        note_of_user("member.profileUpdated", user.pk, before=before, after=_facts(user, preferences))
        _tell_records(user, preferences)


def _tell_records(user: User, preferences: Preferences) -> None:
    """Let the person's record say the same, in every workspace."""
    changes: dict[str, object] = {
        "name": {"firstName": user.first_name, "lastName": user.last_name},
        "timeZone": preferences.time_zone or "system",
    }
    if preferences.language:
        changes["locale"] = preferences.language
    records = dict(
        Member.objects.filter(user=user, member_record_id__isnull=False).values_list("workspace_id", "member_record_id")
    )
    tell = import_string(settings.MEMBER_RECORD_CHANGED)
    for workspace in Workspace.objects.filter(id__in=records, deleted_at=None):
        tell(workspace, records[workspace.id], changes)


def _facts(user: User, preferences: Preferences) -> dict[str, str]:
    return {
        "firstName": user.first_name,
        "lastName": user.last_name,
        "timeZone": preferences.time_zone,
        "language": preferences.language,
    }
