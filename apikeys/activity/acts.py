"""The acts that the audit knows, in words for people: `Ada Lovelace` + `changed the role` + `Sales`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_CAPITAL = re.compile("(?<=[a-z])[A-Z]")

KINDS: Mapping[str, str] = {  # the part of an act before its dot
    "session": "Sign-ins",
    "apiKey": "API keys",
    "role": "Roles",
    "member": "Members",
    "invitation": "Invitations",
    "object": "Objects",
    "field": "Fields",
    "index": "Indexes",
    "webhook": "Webhooks",
    "layout": "Views and layouts",
    "workspace": "Workspace settings",
}
_NOUNS = {
    "apiKey": "the API key",
    "role": "the role",
    "member": "the member",
    "invitation": "the invitation of",
    "object": "the object",
    "field": "the field",
    "index": "the index",
    "webhook": "the webhook",
    "layout": "the",
    "workspace": "the workspace",
}
_VERBS = {"created": "created", "updated": "changed", "deleted": "deleted"}
_SENTENCES = {
    "session.begun": "signed in",
    "session.ended": "signed out",
    "session.refused": "gave a wrong password for",
    "session.passwordChanged": "gave themselves another password",
    "session.closed": "ended other sign-ins of theirs",
    "session.resetAsked": "asked for another password for",
    "session.passwordReset": "set another password by a link",
    "member.resetLinkMade": "made a link for another password for",
    "member.profileUpdated": "changed how they are called and shown things",
    "member.accountUpdated": "changed the account of",
    "workspace.entered": "entered, as an operator of the server, the workspace",
    "apiKey.revoked": "revoked the API key",
    "apiKey.paused": "paused the API key",
    "apiKey.resumed": "let work again the API key",
    "apiKey.tokenIssued": "generated a token of the API key",
    "apiKey.tokenRevoked": "revoked a token of the API key",
    "apiKey.rolled": "replaced the tokens of the API key",
    "apiKey.expiring": "noticed the near end of the API key",
    "member.created": "added the member",
    "member.joined": "joined",
    "member.deleted": "ended the membership of",
    "invitation.created": "invited",
    "invitation.deleted": "withdrew the invitation of",
    "object.switchedOff": "switched off the object",
    "object.switchedOn": "switched on the object",
    "field.switchedOff": "switched off the field",
    "field.switchedOn": "switched on the field",
    "workspace.exported": "exported all records of the workspace",
    "workspace.restored": "brought back the workspace",
    "webhook.secretRotated": "gave a new secret to the webhook",
    "webhook.secretRevealed": "saw the secret of the webhook",
}


def words_of(member: str) -> str:
    """The API name of a part in words.

    >>> words_of("maxRequestsPerMinute"), words_of("labelIdentifierFieldMetadataId")
    ('max requests per minute', 'label identifier field')
    """
    plain = member.removesuffix("MetadataId").removesuffix("Id")
    return _CAPITAL.sub(lambda match: f" {match.group().lower()}", plain)


def sentence_of(act: str) -> str:
    """
    >>> sentence_of("role.updated"), sentence_of("apiKey.revoked")
    ('changed the role', 'revoked the API key')
    """
    if act in _SENTENCES:
        return _SENTENCES[act]
    kind, _, verb = act.partition(".")
    return f"{_VERBS.get(verb, verb)} {_NOUNS.get(kind, kind)}"
