"""What of an event, and of the body made of it, those who may not read everything get to see.

Rights are asked of the roles that matter: the webhook's when an event is written and when it is sent, the
webhook's and the viewer's when a delivery is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q

from config.events import Event
from config.http.rights import DOWNLOAD_FLAG, grants
from config.principal import Permissions
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema
from webhooks.delivery.serialise import dumps


def reads_everything(permissions: Permissions) -> bool:
    """Whether nothing has to be asked: no object and no field is withheld."""
    return permissions.read and permissions.settings and not permissions.objects and not permissions.unreadable_fields


def receives_everything(permissions: Permissions) -> bool:
    """Whether bodies are whole: nothing is withheld, and files may be downloaded."""
    return reads_everything(permissions) and grants(permissions, DOWNLOAD_FLAG)


def may_read(permissions: Permissions, subject: ObjectSchema) -> bool:
    return permissions.allows("read", subject)


def hidden_names(permissions: Permissions, subject: ObjectSchema) -> frozenset[str]:
    """Names of the object's members that the role may not read: of fields, and of relations' ids."""
    hidden = [each for each in subject.fields if permissions.hides(each)]
    joins = (each.relation.join_name for each in hidden if each.relation is not None)
    return frozenset([each.name for each in hidden]) | frozenset(name for name in joins if name is not None)


@dataclass(frozen=True, slots=True)
class Withheld:
    """What of an object's records a role does not get: `hidden` members, and the addresses of `files`."""

    hidden: frozenset[str] = frozenset()
    files: tuple[FieldSchema, ...] = ()

    def cut(self, record: Mapping[str, object]) -> Mapping[str, object]:
        if not self.hidden and not self.files:
            return record
        types = {each.name: each.type for each in self.files}
        return {
            name: types[name].without_addresses(value) if name in types else value
            for name, value in record.items()
            if name not in self.hidden
        }


NOTHING_WITHHELD = Withheld()


def withheld(permissions: Permissions, subject: ObjectSchema) -> Withheld:
    """Of an object that the role may read."""
    files = () if grants(permissions, DOWNLOAD_FLAG) else subject.files_fields
    return Withheld(hidden_names(permissions, subject), files)


def told(event: Event, kept_back: Withheld) -> tuple[Mapping[str, object], tuple[str, ...] | None] | None:
    """(record, updatedFields) of an event without the hidden members.

    None when it is an update of hidden members only: that it happened would tell of them.
    """
    record, hidden = kept_back.cut(event.record), kept_back.hidden
    if not hidden:
        return record, event.updated_fields
    if event.updated_fields is None:
        return record, None
    updated = tuple(name for name in event.updated_fields if name not in hidden)
    if event.action == "updated" and event.updated_fields and not updated:
        return None
    return record, updated


@dataclass(frozen=True, slots=True)
class Part:
    """As much of a stored body as somebody may read. One that `tells_nothing` is not worth sending."""

    body: bytes
    is_whole: bool = True
    tells_nothing: bool = False


def readable_part(
    body: bytes, object_id: UUID | None, schema: WorkspaceSchema, permissions: Iterable[Permissions]
) -> Part:
    """What all of the roles may read of a body, as the data model is now.

    Bodies written long ago may have members that were renamed since. Where a role has restrictions on
    the object, only members that are known under their name, and readable, are left.
    """
    limited = [each for each in permissions if not receives_everything(each)]
    if not limited:
        return Part(body)
    if object_id is None:
        object_id = UUID(json.loads(body)["objectMetadata"]["id"])
    subject = schema.by_id.get(object_id)
    if subject is None or not all(may_read(each, subject) for each in limited):
        return Part(_without_record(body), is_whole=False, tells_nothing=True)
    parts = [withheld(each, subject) for each in limited]
    kept_back = Withheld(
        frozenset().union(*(each.hidden for each in parts)), next((each.files for each in parts if each.files), ())
    )
    if kept_back == NOTHING_WITHHELD:
        return Part(body)
    return _without_members(body, subject.by_name.keys() | subject.by_join_name.keys(), kept_back)


def _without_record(body: bytes) -> bytes:
    content = json.loads(body)
    content["record"] = {}
    content.pop("updatedFields", None)
    return dumps(content)


def _without_members(body: bytes, known: AbstractSet[str], kept_back: Withheld) -> Part:
    content = json.loads(body)
    record = kept_back.cut({name: value for name, value in content["record"].items() if name in known})
    before = content.get("updatedFields")
    updated = None if before is None else [name for name in before if name in known - kept_back.hidden]
    if record == content["record"] and updated == before:
        return Part(body)
    content["record"] = record
    if before is not None:
        content["updatedFields"] = updated
    is_hidden_update = bool(before) and not updated and str(content["eventName"]).endswith(".updated")
    return Part(dumps(content), is_whole=False, tells_nothing=is_hidden_update)


@dataclass(frozen=True, slots=True)
class Visible:
    """Which deliveries somebody may know of: every one, or those of `objects` and, with conditions, of `restricted`.

    `restricted` has the readable members by object id; an update that changed none of them stays unseen.
    """

    everything: bool = False
    objects: tuple[UUID, ...] = ()
    restricted: Mapping[UUID, tuple[str, ...]] = field(default_factory=dict)

    @property
    def condition(self) -> Q:
        """Over columns of Delivery."""
        if self.everything:
            return Q()
        found = Q(object_id__in=self.objects)
        for object_id, names in self.restricted.items():
            updated = Q(updated_fields=None) | Q(updated_fields=[]) | Q(updated_fields__overlap=list(names))
            found |= Q(object_id=object_id) & updated
        return found


def visible_deliveries(schema: WorkspaceSchema, permissions: Permissions) -> Visible:
    """Those written before webhooks had roles say too little, and are left to those who may read everything."""
    if reads_everything(permissions):
        return Visible(everything=True)
    objects: list[UUID] = []
    restricted: dict[UUID, tuple[str, ...]] = {}
    for subject in schema.objects:
        if not may_read(permissions, subject):
            continue
        hidden = hidden_names(permissions, subject)
        if hidden:
            restricted[subject.id] = tuple(sorted((subject.by_name.keys() | subject.by_join_name.keys()) - hidden))
        else:
            objects.append(subject.id)
    return Visible(objects=tuple(objects), restricted=restricted)


def unreadable_object(operations: Sequence[str], schema: WorkspaceSchema, permissions: Permissions) -> str | None:
    """The first object named by `object.action` operations that the role may not read, or that is not there.

    Both are one answer, so that asking tells nothing. A role that reads everything may name what it likes.
    """
    if reads_everything(permissions):
        return None
    for operation in operations:
        name, _, _ = operation.rpartition(".")
        if name == "*" or "." in name:  # every readable object; schema events
            continue
        subject = schema.by_singular.get(name)
        if subject is None or not may_read(permissions, subject):
            return name
    return None
