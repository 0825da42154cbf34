"""The objects that a new workspace starts with, as data. Pure; `metadata.services` makes them."""

from __future__ import annotations

from metadata.standard import activities, calendar, members, messaging, sales, workflows
from metadata.standard.definition import StandardObject

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
