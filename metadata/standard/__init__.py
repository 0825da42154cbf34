"""The objects that a new workspace starts with, as data. Pure; `metadata.services` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from config.principal import Guard
from metadata.standard import activities, calendar, members, messaging, sales, workflows
from metadata.standard.definition import StandardObject, identifier

CATALOGUE: tuple[StandardObject, ...] = (
    sales.PERSON,
    sales.COMPANY,
    sales.OPPORTUNITY,
    activities.NOTE,
    activities.TASK,
    activities.NOTE_TARGET,
    activities.TASK_TARGET,
    activities.ATTACHMENT,
    activities.TIMELINE_ACTIVITY,
    members.WORKSPACE_MEMBER,
    members.FAVORITE,
    members.FAVORITE_FOLDER,
    members.DASHBOARD,
    members.BLOCKLIST,
    workflows.WORKFLOW,
    workflows.WORKFLOW_VERSION,
    workflows.WORKFLOW_RUN,
    workflows.WORKFLOW_AUTOMATED_TRIGGER,
    messaging.CONNECTED_ACCOUNT,
    messaging.MESSAGE_CHANNEL,
    messaging.MESSAGE_FOLDER,
    messaging.MESSAGE,
    messaging.MESSAGE_THREAD,
    messaging.MESSAGE_PARTICIPANT,
    messaging.MESSAGE_CHANNEL_MESSAGE_ASSOCIATION,
    calendar.CALENDAR_CHANNEL,
    calendar.CALENDAR_EVENT,
    calendar.CALENDAR_EVENT_PARTICIPANT,
    calendar.CALENDAR_CHANNEL_EVENT_ASSOCIATION,
)

# What the engine itself needs; the rest of an empty workspace is the user's to make.
EMPTY_CATALOGUE: tuple[StandardObject, ...] = (
    members.WORKSPACE_MEMBER,
    activities.NOTE_TARGET,
    activities.TASK_TARGET,
    activities.ATTACHMENT,
    activities.TIMELINE_ACTIVITY,
)

_GUARDS: Mapping[UUID, Guard] = {identifier(each.singular): each.guard for each in CATALOGUE if each.guard is not None}
_SECRETS: Mapping[UUID, Mapping[str, str]] = {
    identifier(each.singular): {field.name: field.secret_flag for field in each.fields if field.secret_flag is not None}
    for each in CATALOGUE
}


def guard_of(universal_identifier: UUID) -> Guard | None:
    """What decides over an object's records in place of a role's record rights; None for nearly all objects."""
    return _GUARDS.get(universal_identifier)


def secrets_of(universal_identifier: UUID) -> Mapping[str, str]:
    """The fields of an object that are answered to nobody, by name, each with the flag that may write it.

    Names of standard fields cannot be changed, and no other field of the object can have one.
    """
    return _SECRETS.get(universal_identifier, {})
