"""What the operations of the metadata REST API do, answer and refuse, in words: for its OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping

from metadata.services.layout.kinds import RESOURCES
from metadata.services.layout.members import Resource

# What each kind of thing is, by the first segment of its path: the description of its tag.
KINDS: Mapping[str, str] = {
    "objects": "The kinds of records: each has addresses of its own in Core REST and fields of its own in Core GraphQL",
    "fields": "What records of an object hold: values, and relations to other records",
    "files": "Files of FILES fields: uploaded here, then named by their id in a record's value",
    "webhooks": "Addresses that are told when records or the data model change",
    "webhookDeliveries": "What was sent to webhooks: each event with its attempts",
    "apiKeys": "Keys that other software calls these APIs with, each with a role",
    "workspace": "Settings of the workspace",
    "schema": "The whole data model as one file",
    "views": "Saved ways to look at the records of an object: a table, a board or a calendar",
    "viewFields": "Columns of views",
    "viewFieldGroups": "Headings that columns of a view stand under",
    "viewFilters": "Conditions of views",
    "viewSorts": "Orders of views",
    "viewGroups": "Groups of views: columns of a board, sections of a table",
    "viewFilterGroups": "Conditions of views that hold together, joined by AND, OR or NOT",
    "pageLayouts": "Arrangements of a record's page, of an object's list, or of a dashboard",
    "pageLayoutTabs": "Tabs of page layouts",
    "pageLayoutWidgets": "Boxes on tabs of page layouts, each with a place and a configuration",
}

_PAGED = "`limit` at a time, from `starting_after` on"
_SHAPES = "A key of API version 1 is answered a bare array, later ones a page"
_REDELIVERED = "It is sent as it was the first time, with the same `webhook-id`, so receivers can tell it is the same."

_OPERATIONS: Mapping[tuple[str, str], str] = {
    ("GET", "/objects"): "All objects with their fields, switched-off ones included, " + _PAGED + ".",
    ("POST", "/objects"): (
        "Makes an object with the fields every object has: its id, its name, its place in lists, and who made and"
        " changed a record and when. Its addresses work from the next request on.\n\nRefused when a name is taken, is"
        " reserved, or would clash with one that is made of another object's name."
    ),
    ("GET", "/objects/{id}"): "One object with its fields.",
    ("PATCH", "/objects/{id}"): (
        "Changes what the body names. A new name gives the object new addresses at once, and the old ones answer 404;"
        " records stay. `isActive: false` hides the object and its records everywhere until it is `true` again."
    ),
    ("DELETE", "/objects/{id}"): (
        "Removes a custom object **for good**: its records, its fields, and relations of other objects to it. Standard"
        " objects can only be switched off. Answers the object as it was."
    ),
    ("GET", "/fields"): "The fields of all objects, switched-off ones included, " + _PAGED + ".",
    ("POST", "/fields"): (
        "Adds a field to an object; existing records have its default, or no value. A RELATION makes the field of the"
        " other side with it (`relationCreationPayload`), a MORPH_RELATION one for every object it leads to"
        " (`morphRelationsCreationPayload`).\n\nRefused when the name is taken or reserved, and when the type does not"
        " take the default, options or settings."
    ),
    ("GET", "/fields/{id}"): "One field, with what it leads to when it is a relation.",
    ("PATCH", "/fields/{id}"): (
        "Changes what the body names; stored values are kept under a new name. `isActive: false` hides the field and"
        " its values until it is `true` again.\n\nA field's type is changed by `POST /fields/{id}/changeType`."
    ),
    ("DELETE", "/fields/{id}"): (
        "Removes a custom field **for good**, with its values; of a relation both sides. Standard and system fields"
        " cannot be deleted. Answers the field as it was."
    ),
    ("POST", "/fields/{id}/changeType"): (
        "Gives a field another type and converts every stored value to it, or changes nothing when one does not fit:"
        " the answer lists the first of those. `dryRun` only says what would happen."
    ),
    ("POST", "/files"): (
        "Keeps a file for a FILES field. A record has it once the `id` answered is the `fileId` of an entry of the"
        " field's value; one that no record has is deleted after 7 days."
    ),
    ("GET", "/files/{id}"): "A file's name, type and size, and an address it can be downloaded from for a day.",
    (
        "DELETE",
        "/files/{id}",
    ): "Deletes a file at once, for who may write its field. Its addresses lead nowhere from then on.",
    ("GET", "/webhooks"): f"The workspace's webhooks, the oldest first. {_SHAPES}.",
    ("POST", "/webhooks"): (
        "Adds an address to send events to. `operations` says which: `person.created`, `company.*`, `*.deleted`, `*.*`;"
        " everything when left out. The answer shows the secret that signs what is sent, a new one when the body has"
        " none. A workspace has at most 500 webhooks."
    ),
    ("GET", "/webhooks/{id}"): "One webhook, its secret masked. An unknown id answers 200 with an empty body.",
    ("PATCH", "/webhooks/{id}"): (
        "Changes what the body names: the address, the events, the secret, or whether it is sent to at all."
    ),
    (
        "DELETE",
        "/webhooks/{id}",
    ): "Deletes a webhook: what waits for it is given up, what was sent to it can still be read.",
    ("GET", "/webhooks/{id}/acts"): (
        "Who made and changed a webhook and asked for its secret: the newest 200, the newest first."
    ),
    ("GET", "/webhooks/{id}/deliveries"): (
        "What was sent to a webhook and what is about to be, the newest first. `status` and `event` narrow the list."
    ),
    ("POST", "/webhooks/{id}/recover"): (
        "Sends again what failed since a moment, after an outage of the receiver, and answers how many deliveries that"
        " are. " + _REDELIVERED
    ),
    ("POST", "/webhooks/{id}/revealSecret"): (
        "The secret that signs, in both of its forms. Each time it is asked for stands in the webhook's acts."
    ),
    ("POST", "/webhooks/{id}/rotateSecret"): (
        "Gives the webhook a new secret and shows it. For `overlapHours` the old one signs beside it, so that receivers"
        " can change over without losing an event."
    ),
    ("POST", "/webhooks/{id}/test"): "Sends a made-up event now, and answers what the receiver said to it.",
    ("GET", "/webhookDeliveries/{id}"): (
        "One delivery with the body that was sent, as much of it as the caller may read, and every attempt."
    ),
    ("POST", "/webhookDeliveries/{id}/redeliver"): "Sends a delivery again, soon. " + _REDELIVERED,
    ("GET", "/apiKeys"): f"The workspace's keys that are not revoked, without their tokens. {_SHAPES}.",
    ("POST", "/apiKeys"): (
        "Makes a key with one role, `roleId`, whose rights must lie within the caller's own. It has no token yet:"
        " `POST /apiKeys/{id}/token` issues one."
    ),
    ("GET", "/apiKeys/me"): "The key that asks, with its role; no right is needed.",
    ("GET", "/apiKeys/{id}"): "One key, without its token. An unknown id answers 200 with an empty body.",
    ("PATCH", "/apiKeys/{id}"): (
        "Changes what the body names. `revokedAt` revokes the key for good: its tokens are refused from then on."
    ),
    ("DELETE", "/apiKeys/{id}"): "Revokes a key: its tokens are refused from now on. Answers the key.",
    ("POST", "/apiKeys/{id}/token"): (
        "Issues a token of the key, shown in this answer only. It ends when `expiresAt` says, at the latest with the"
        " key."
    ),
    ("GET", "/apiKeys/{id}/tokens"): "The key's tokens, the newest first, without texts; each works until `endsAt`.",
    (
        "DELETE",
        "/apiKeys/{id}/tokens/{tokenId}",
    ): "Revokes one token of the key at once and for good; its others work on.",
    ("POST", "/apiKeys/{id}/roll"): (
        "Issues a token in place of all others of the key, shown in this answer only. The others work on for"
        " `overlapHours`: 0, 1, 24 or 168."
    ),
    ("POST", "/apiKeys/{id}/duplicate"): (
        "Makes another key that may what this one may and lasts as long as this one was made for. It has no token yet."
    ),
    ("GET", "/workspace"): "The workspace's settings; any key reads them.",
    ("PATCH", "/workspace"): (
        "Changes the settings that the body names. They need the right WORKSPACE, those of signing in SECURITY."
    ),
    ("GET", "/schema"): (
        "The data model as a file for version control. It speaks of names instead of ids, and the same model is always"
        " the same text."
    ),
    ("POST", "/schema"): (
        "Brings the data model to what the file says, all of it or nothing. `dryRun` only lists the steps; steps that"
        " lose values are refused unless `allowDestructive` is `true`."
    ),
}


def description_of(method: str, path: str) -> str:
    """The description of an operation; empty when nobody wrote one.

    >>> description_of("GET", "/viewSorts/{id}")
    'One view sort.'
    """
    kind = path.split("/")[1]
    resource = next((each for each in RESOURCES.values() if each.many == kind), None)
    if resource is not None and path in (f"/{kind}", f"/{kind}/{{id}}"):
        return _of_resource(resource, method, is_one=path != f"/{kind}")
    return _OPERATIONS.get((method, path), "")


def _of_resource(resource: Resource, method: str, *, is_one: bool) -> str:
    one, many = resource.label.lower(), resource.label.lower() + "s"
    parent = resource.parent and resource.parent.removesuffix("MetadataId").removesuffix("Id")
    if method == "GET" and is_one:
        return f"One {one}."
    if method == "GET":
        narrowed = (
            "" if resource.parent is None else f" `{resource.parent}` narrows them to those of one {_words(parent)}."
        )
        if resource.is_parent_asked:
            narrowed = f" `{resource.parent}` says of which {_words(parent)}, and is mandatory."
        return f"The {many} that are not deleted.{narrowed} {_SHAPES}."
    if method == "POST":
        most = "" if parent is None else f" {_article(_words(parent))} has at most {resource.limit} of them."
        return f"Makes a {one}.{most} All faults of the body are answered at once."
    if method == "PATCH":
        fixed = [f"`{each.name}`" for each in resource.members if each.is_fixed]
        stays = f" It keeps the {' and '.join(fixed)} it was made with." if fixed else ""
        return f"Changes the members of a {one} that the body names.{stays}"
    return f"Hides a {one} and what belongs to it; `destroy=true` removes it for good."


def _words(name: str | None) -> str:
    """
    >>> _words("pageLayoutTab")
    'page layout tab'
    """
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name or "")


def _article(noun: str) -> str:
    return f"{'An' if noun[0] in 'aeio' else 'A'} {noun}"
