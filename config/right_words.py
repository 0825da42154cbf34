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
WORDS: Mapping[str, str] = {**SETTINGS_WORDS, **TOOL_WORDS}


def words_of(right: str) -> str:
    """The words of a named right; another's API name made readable."""
    return WORDS.get(right) or "use " + right.replace("_", " ").lower()
