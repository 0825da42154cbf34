"""The acts that the audit knows, in words for people: `Ada Lovelace` + `changed the role` + `Sales`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

_CAPITAL = re.compile("(?<=[a-z])[A-Z]")

KINDS: Mapping[str, str | Promise] = {  # the part of an act before its dot
    "session": gettext_lazy("Sign-ins"),
    "apiKey": gettext_lazy("API keys"),
    "role": gettext_lazy("Roles"),
    "member": gettext_lazy("Members"),
    "invitation": gettext_lazy("Invitations"),
    "object": gettext_lazy("Objects"),
    "field": gettext_lazy("Fields"),
    "index": gettext_lazy("Indexes"),
    "webhook": gettext_lazy("Webhooks"),
    "layout": gettext_lazy("Views and layouts"),
    "workspace": gettext_lazy("Workspace settings"),
}
_SENTENCES = {
    "session.begun": gettext_lazy("signed in"),
    "session.ended": gettext_lazy("signed out"),
    "session.refused": gettext_lazy("gave a wrong password for"),
    "session.passwordChanged": gettext_lazy("gave themselves another password"),
    "session.closed": gettext_lazy("ended other sign-ins of theirs"),
    "session.resetAsked": gettext_lazy("asked for another password for"),
    "session.passwordReset": gettext_lazy("set another password by a link"),
    "member.resetLinkMade": gettext_lazy("made a link for another password for"),
    "member.profileUpdated": gettext_lazy("changed how they are called and shown things"),
    "member.accountUpdated": gettext_lazy("changed the account of"),
    "workspace.entered": gettext_lazy("entered, as an operator of the server, the workspace"),
    "apiKey.revoked": gettext_lazy("revoked the API key"),
    "apiKey.paused": gettext_lazy("paused the API key"),
    "apiKey.resumed": gettext_lazy("let work again the API key"),
    "apiKey.tokenIssued": gettext_lazy("generated a token of the API key"),
    "apiKey.tokenRevoked": gettext_lazy("revoked a token of the API key"),
    "apiKey.rolled": gettext_lazy("replaced the tokens of the API key"),
    "apiKey.expiring": gettext_lazy("noticed the near end of the API key"),
    "member.created": gettext_lazy("added the member"),
    "member.joined": gettext_lazy("joined"),
    "member.deleted": gettext_lazy("ended the membership of"),
    "invitation.created": gettext_lazy("invited"),
    "invitation.deleted": gettext_lazy("withdrew the invitation of"),
    "object.switchedOff": gettext_lazy("switched off the object"),
    "object.switchedOn": gettext_lazy("switched on the object"),
    "field.switchedOff": gettext_lazy("switched off the field"),
    "field.switchedOn": gettext_lazy("switched on the field"),
    "workspace.exported": gettext_lazy("exported all records of the workspace"),
    "workspace.restored": gettext_lazy("brought back the workspace"),
    "webhook.secretRotated": gettext_lazy("gave a new secret to the webhook"),
    "webhook.secretRevealed": gettext_lazy("saw the secret of the webhook"),
    "apiKey.created": gettext_lazy("created the API key"),
    "apiKey.updated": gettext_lazy("changed the API key"),
    "apiKey.deleted": gettext_lazy("deleted the API key"),
    "role.created": gettext_lazy("created the role"),
    "role.updated": gettext_lazy("changed the role"),
    "role.deleted": gettext_lazy("deleted the role"),
    "member.updated": gettext_lazy("changed the member"),
    "invitation.updated": gettext_lazy("changed the invitation of"),
    "object.created": gettext_lazy("created the object"),
    "object.updated": gettext_lazy("changed the object"),
    "object.deleted": gettext_lazy("deleted the object"),
    "field.created": gettext_lazy("created the field"),
    "field.updated": gettext_lazy("changed the field"),
    "field.deleted": gettext_lazy("deleted the field"),
    "index.created": gettext_lazy("created the index"),
    "index.updated": gettext_lazy("changed the index"),
    "index.deleted": gettext_lazy("deleted the index"),
    "webhook.created": gettext_lazy("created the webhook"),
    "webhook.updated": gettext_lazy("changed the webhook"),
    "webhook.deleted": gettext_lazy("deleted the webhook"),
    "layout.created": gettext_lazy("created the"),
    "layout.updated": gettext_lazy("changed the"),
    "layout.deleted": gettext_lazy("deleted the"),
    "workspace.created": gettext_lazy("created the workspace"),
    "workspace.updated": gettext_lazy("changed the workspace"),
    "workspace.deleted": gettext_lazy("deleted the workspace"),
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
        return str(_SENTENCES[act])
    kind, _, verb = act.partition(".")
    return f"{verb} {kind}"
