"""What the named rights of a role let somebody do, in words for people: pages show these, never a right's API name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Say = Callable[[str], str]  # a text in the language of who reads it


def gettext_noop(text: str) -> str:
    """Mark a text for the catalogues of translations. Here nothing knows the framework: pages bring its `gettext`."""
    return text


# Right → what who has it may do, as in "Ask an admin for the right to …".
# Rights that are not here are taken and kept for clients that know them; nothing on this server asks for them.
SETTINGS_WORDS: Mapping[str, str] = {
    "DATA_MODEL": gettext_noop("change the data model: objects, fields and relations"),
    "VIEWS": gettext_noop("change how lists are shown to everybody"),
    "LAYOUTS": gettext_noop("change the layout of pages"),
    "API_KEYS_AND_WEBHOOKS": gettext_noop("manage API keys and webhooks, and read the API docs"),
    "WORKSPACE_MEMBERS": gettext_noop("invite people and end their membership"),
    "ROLES": gettext_noop("manage roles, and who has which"),
    "WORKSPACE": gettext_noop("change the workspace's settings, export or delete all of it, and see who did what"),
    "SECURITY": gettext_noop("change how people sign in"),
    "WORKFLOWS": gettext_noop("see and change workflows"),
}
TOOL_WORDS: Mapping[str, str] = {
    "IMPORT_CSV": gettext_noop("import records from files"),
    "EXPORT_CSV": gettext_noop("export records to files"),
    "UPLOAD_FILE": gettext_noop("upload files"),
    "DOWNLOAD_FILE": gettext_noop("download files"),
    "CONNECTED_ACCOUNTS": gettext_noop("see connected mail accounts, calendars and their messages"),
}
# What a role says of records, of all objects or of one; the API names of both are in apikeys/roles.py.
RECORD_WORDS: Mapping[str, str] = {
    "canUpdateAllSettings": gettext_noop("change all settings"),
    "canAccessAllTools": gettext_noop("use all tools"),
    "canReadAllObjectRecords": gettext_noop("see all records"),
    "canUpdateAllObjectRecords": gettext_noop("create and edit all records"),
    "canSoftDeleteAllObjectRecords": gettext_noop("delete all records"),
    "canDestroyAllObjectRecords": gettext_noop("destroy all records for good"),
    "canReadObjectRecords": gettext_noop("see records"),
    "canUpdateObjectRecords": gettext_noop("create and edit records"),
    "canSoftDeleteObjectRecords": gettext_noop("delete records"),
    "canDestroyObjectRecords": gettext_noop("destroy records for good"),
    "canReadFieldValue": gettext_noop("see every field"),
    "canUpdateFieldValue": gettext_noop("change every field"),
}
WORDS: Mapping[str, str] = {**SETTINGS_WORDS, **TOOL_WORDS}


def words_of(right: str, say: Say = gettext_noop) -> str:
    """The words of a right by its API name, also of "canReadAllObjectRecords on <id>"; others' names made readable.

    >>> words_of("ROLES"), words_of("canReadAllObjectRecords on 4f0a"), words_of("ADMIN_PANEL")
    ('manage roles, and who has which', 'see records of an object', 'use admin panel')
    """
    name, _, one = right.partition(" on ")
    if one:
        return say(gettext_noop("{act} of an object")).format(act=say(RECORD_WORDS[name.replace("All", "")]))
    words = WORDS.get(right) or RECORD_WORDS.get(right)
    return say(words) if words else say(gettext_noop("use {tool}")).format(tool=right.replace("_", " ").lower())


def plea(right: str, workspace: str = "", of: str = "", say: Say = gettext_noop) -> str:
    """What somebody who lacks a right is told, on pages and as the hint of every API; `of` names an object's records.

    >>> plea("SECURITY", "Acme")
    'Ask an admin of Acme for the right to change how people sign in.'
    >>> plea("canReadObjectRecords", of="deals")
    'Ask an admin for the right to see records of deals.'
    """
    act = words_of(right, say)
    if of:
        act = say(gettext_noop("{act} of {objects}")).format(act=act, objects=of)
    if workspace:
        said = say(gettext_noop("Ask an admin of {workspace} for the right to {act}."))
        return said.format(workspace=workspace, act=act)
    return say(gettext_noop("Ask an admin for the right to {act}.")).format(act=act)


def beyond(who: str, right: str) -> str:
    """Why nobody gives away what they do not have: `who` is what would have it, as "The role".

    >>> beyond("The role", "ROLES")
    'The role may do more than you: manage roles, and who has which. Ask an admin.'
    """
    return f"{who} may do more than you: {words_of(right)}. Ask an admin."
