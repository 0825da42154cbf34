"""What the named rights of a role let somebody do, in words for people: pages show these, never a right's API name."""

from __future__ import annotations

from collections.abc import Mapping

# Right → what who has it may do, as in "Ask an admin for the right to …".
# Rights that are not here are taken and kept for clients that know them; nothing on this server asks for them.
SETTINGS_WORDS: Mapping[str, str] = {
    "DATA_MODEL": "change the data model: objects, fields and relations",
    "VIEWS": "change how lists are shown to everybody",
    "LAYOUTS": "change the layout of pages",
    "API_KEYS_AND_WEBHOOKS": "manage API keys and webhooks, and read the API docs",
    "WORKSPACE_MEMBERS": "invite people and end their membership",
    "ROLES": "manage roles, and who has which",
    "WORKSPACE": "change the workspace's settings, export or delete all of it, and see who did what",
    "SECURITY": "change how people sign in",
    "WORKFLOWS": "see and change workflows",
}
TOOL_WORDS: Mapping[str, str] = {
    "IMPORT_CSV": "import records from files",
    "EXPORT_CSV": "export records to files",
    "UPLOAD_FILE": "upload files",
    "DOWNLOAD_FILE": "download files",
    "CONNECTED_ACCOUNTS": "see connected mail accounts, calendars and their messages",
}
# What a role says of records, of all objects or of one; the API names of both are in apikeys/roles.py.
RECORD_WORDS: Mapping[str, str] = {
    "canUpdateAllSettings": "change all settings",
    "canAccessAllTools": "use all tools",
    "canReadAllObjectRecords": "see all records",
    "canUpdateAllObjectRecords": "create and edit all records",
    "canSoftDeleteAllObjectRecords": "delete all records",
    "canDestroyAllObjectRecords": "destroy all records for good",
    "canReadObjectRecords": "see records",
    "canUpdateObjectRecords": "create and edit records",
    "canSoftDeleteObjectRecords": "delete records",
    "canDestroyObjectRecords": "destroy records for good",
    "canReadFieldValue": "see every field",
    "canUpdateFieldValue": "change every field",
}
WORDS: Mapping[str, str] = {**SETTINGS_WORDS, **TOOL_WORDS}


def words_of(right: str) -> str:
    """The words of a right by its API name, also of "canReadAllObjectRecords on <id>"; others' names made readable.

    >>> words_of("ROLES"), words_of("canReadAllObjectRecords on 4f0a"), words_of("ADMIN_PANEL")
    ('manage roles, and who has which', 'see records of an object', 'use admin panel')
    """
    name, _, one = right.partition(" on ")
    if one:
        return f"{RECORD_WORDS[name.replace('All', '')]} of an object"
    return WORDS.get(right) or RECORD_WORDS.get(right) or "use " + right.replace("_", " ").lower()


def plea(right: str, workspace: str = "", of: str = "") -> str:
    """What somebody who lacks a right is told, on pages and as the hint of every API; `of` names an object's records.

    >>> plea("SECURITY", "Acme")
    'Ask an admin of Acme for the right to change how people sign in.'
    >>> plea("canReadObjectRecords", of="deals")
    'Ask an admin for the right to see records of deals.'
    """
    whom = f"an admin of {workspace}" if workspace else "an admin"
    return f"Ask {whom} for the right to {words_of(right)}{of and f' of {of}'}."


def beyond(who: str, right: str) -> str:
    """Why nobody gives away what they do not have: `who` is what would have it, as "The role".

    >>> beyond("The role", "ROLES")
    'The role may do more than you: manage roles, and who has which. Ask an admin.'
    """
    return f"{who} may do more than you: {words_of(right)}. Ask an admin."
