"""One change of a workspace's data model: lock, gather, write, raise the version, in one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from config.errors import Entity, Failure, InvalidInput, MetadataValidationFailed, Problem
from config.principal import EVERYTHING, Permissions
from config.texts import is_blank
from metadata import cache, schema_rows
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from metadata.names import NameClash, Party
from metadata.schema import WorkspaceSchema
from metadata.services import auditing
from metadata.services.indexnames import rename_indexes, renamed_objects
from metadata.services.locking import lock_workspace
from metadata.storage import Storage

LONGEST_TEXT = 10_000  # characters of a name, label, description …
_SPACES = re.compile(r"\s+")


class Change:
    """The workspace under change. Rows are read when first asked for, and kept.

    `permissions` are those of who asks for it, as far as its refusals tell of records.
    """

    def __init__(self, workspace: Workspace, permissions: Permissions = EVERYTHING) -> None:
        self.workspace = workspace
        self.permissions = permissions
        self.before = cache.load_schema(workspace.id, workspace.schema_version)
        self.storage = Storage(workspace)
        self.now = timezone.now()
        self._objects: dict[UUID, ObjectMetadata] | None = None
        self._names: dict[UUID, str] = {}  # of those, as they were
        self._fields: dict[UUID, list[FieldMetadata]] = {}
        self._searched: dict[UUID, dict[UUID, str]] = {}
        self._anew: set[UUID] = set()  # objects whose vectors are made in this change
        self.watched: dict[UUID, auditing.Watched] = {}
        self.gone: set[UUID] = set()  # fields that were deleted

    @property
    def objects(self) -> dict[UUID, ObjectMetadata]:
        """Every object of the workspace, by id."""
        if self._objects is None:
            self._objects = {each.id: each for each in ObjectMetadata.objects.filter(workspace=self.workspace)}
            self._names = {each.id: each.name_singular for each in self._objects.values()}
        return self._objects

    def object_named(self, name_singular: str) -> ObjectMetadata | None:
        return next((each for each in self.objects.values() if each.name_singular == name_singular), None)

    def fields_of(self, object_id: UUID) -> list[FieldMetadata]:
        """Every field of the object, inactive ones too, in its order."""
        if object_id not in self._fields:
            self._fields[object_id] = list(
                FieldMetadata.objects.filter(workspace=self.workspace, object_id=object_id).order_by("position", "name")
            )
        return self._fields[object_id]

    def fields_to(self, object_id: UUID) -> list[FieldMetadata]:
        """The relation fields of other objects that lead to this one."""
        return list(
            FieldMetadata.objects.filter(workspace=self.workspace, relation_target_object_id=object_id).exclude(
                object_id=object_id
            )
        )

    def find_field(self, field_id: UUID) -> FieldMetadata | None:
        return FieldMetadata.objects.filter(workspace=self.workspace, id=field_id).first()

    def may_read(self, field: FieldMetadata) -> bool:
        """Whether who asks for the change may read the field's values."""
        field.object = self.objects[field.object_id]
        return self.permissions.allows("read", field.object) and not self.permissions.hides(field)

    def watch(self, row: ObjectMetadata | FieldMetadata) -> None:
        """Remember what a row is that is about to be changed or deleted, for the audit."""
        self.watched[row.id] = (row, auditing.facts_of_row(row))

    def watch_search(self, object_id: UUID) -> None:
        """Remember which fields are searched, so that the vectors are made anew if that changes."""
        if object_id not in self._searched:
            self._searched[object_id] = self._searched_fields(object_id)

    def is_searched(self, field: FieldMetadata) -> bool:
        """Whether the field was searched when `watch_search` looked."""
        return field.id in self._searched.get(field.object_id, {})

    def search_again(self, object_id: UUID) -> None:
        """Have the vectors made anew by this change, which has rewritten the records anyway."""
        self._anew.add(object_id)

    def _searched_fields(self, object_id: UUID) -> dict[UUID, str]:
        """The storage keys of the fields that are searched, by the fields' ids."""
        label_identifier = ObjectMetadata.objects.values_list("label_identifier_field_id", flat=True).get(
            workspace=self.workspace, id=object_id
        )
        return {
            each.id: each.storage_key
            for each in FieldMetadata.objects.filter(workspace=self.workspace, object_id=object_id, is_active=True)
            if schema_rows.is_searched(each.type, each.is_searchable, each.id == label_identifier)
        }

    def _note_searches(self) -> None:
        """Which storage keys have words that the records' vectors lack, or have no more, is followed by
        `metadata.services.search_words`. What is under way begins anew."""
        for object_id, before in self._searched.items():
            after = self._searched_fields(object_id)
            changed = {**before, **after}
            for field_id in before.keys() & after.keys():
                del changed[field_id]
            if changed and object_id not in self._anew and self.storage.has_records(object_id):
                obj = ObjectMetadata.objects.get(workspace=self.workspace, id=object_id)
                earlier = obj.search_rebuild or {}
                deleted = {key for field_id, key in changed.items() if field_id in self.gone}
                obj.search_rebuild = {
                    "keys": sorted({*changed.values(), *earlier.get("keys", ())}),
                    "deleted": sorted({*deleted, *earlier.get("deleted", ())}),
                    "isMissing": bool(changed.keys() & after.keys()) or earlier.get("isMissing", False),
                    "after": str(UUID(int=0)),
                    "done": 0,
                }
                obj.save(update_fields=["search_rebuild"])

    def finish(self) -> None:
        self._note_searches()
        workspace = self.workspace
        workspace.schema_version += 1
        workspace.updated_at = self.now
        workspace.save(update_fields=["schema_version", "updated_at"])
        after = cache.load_schema(workspace.id, workspace.schema_version)
        self._refuse_clashes(after)
        rename_indexes(renamed_objects(self.before, after))
        self._tell_renamed()
        self.storage.flush()
        if settings.AUDIT_LOG_DAYS:
            auditing.note_changes(self, after)
        for object_id in self._anew:
            if self.storage.has_records(object_id):
                for path in settings.SEARCH_FIELDS_CHANGED_HANDLERS:
                    import_string(path)(workspace, object_id)

    def _tell_renamed(self) -> None:
        """Deactivated objects too: whoever names one has to follow it."""
        objects = self._objects or {}
        renamed = {self._names[each.id]: each.name_singular for each in objects.values() if each.id in self._names}
        renamed = {old: new for old, new in renamed.items() if old != new}
        if renamed:
            for path in settings.OBJECTS_RENAMED_HANDLERS:
                import_string(path)(self.workspace.id, renamed)

    def _refuse_clashes(self, schema: WorkspaceSchema) -> None:
        """No name may come to stand for two things in an API or its documents, by whatever change."""
        found: dict[Party, list[NameClash]] = {}
        for clash in import_string(settings.NAME_CLASHES)(schema, self.before):
            found.setdefault(clash.party, []).append(clash)
        if found:
            raise MetadataValidationFailed([self._failure(schema, *who, named) for who, named in found.items()])

    def _failure(
        self, schema: WorkspaceSchema, object_id: UUID, field_id: UUID | None, named: list[NameClash]
    ) -> Failure:
        subject = schema.by_id[object_id]
        entity: dict[str, object] = {"nameSingular": subject.singular, "namePlural": subject.plural}
        earlier = self.before.by_id.get(object_id)
        is_new = earlier is None
        if field_id is not None:
            entity = {"name": subject.by_id[field_id].name, "objectNameSingular": subject.singular}
            is_new = earlier is None or field_id not in earlier.by_id
        problems = [Problem("NOT_AVAILABLE", each.message, each.name) for each in named[:1]]
        kind: Entity = "objectMetadata" if field_id is None else "fieldMetadata"
        return Failure(kind, "create" if is_new else "update", problems, entity)


@contextmanager
def changing(workspace_id: UUID, permissions: Permissions = EVERYTHING) -> Iterator[Change]:
    """A change that commits as a whole, with the schema version raised once, or leaves no trace.

    Raises WorkspaceNotFound.
    """
    try:
        with ExitStack() as stack:
            stack.enter_context(transaction.atomic())
            workspace = lock_workspace(workspace_id)
            if workspace.shard != DEFAULT_DB_ALIAS:
                stack.enter_context(transaction.atomic(using=workspace.shard))
            change = Change(workspace, permissions)
            yield change
            change.finish()
    except BaseException:
        cache.forget(workspace_id)  # the version number that was not reached will come again
        raise


def tidy(values: Mapping[str, object]) -> dict[str, Any]:
    """An input with every name, label and such trimmed and its runs of white space made one space.

    Defaults and settings keep their texts as given. Raises InvalidInput for texts that nobody would read.

    >>> tidy({"name": "  a  b ", "options": [{"value": " X "}], "defaultValue": "' '"})
    {'name': 'a b', 'options': [{'value': 'X'}], 'defaultValue': "' '"}
    """
    tidied = {key: value if key in _UNTOUCHED else _tidied(value) for key, value in values.items()}
    long = [key for key, value in tidied.items() if isinstance(value, str) and len(value) > LONGEST_TEXT]
    if long:
        raise InvalidInput([f"{key} must be at most {LONGEST_TEXT} characters long" for key in long])
    unseen = [key for key, label in _labels(tidied) if label and is_blank(label)]
    if unseen:
        raise InvalidInput([f"{key} must have a visible character" for key in unseen])
    return tidied


_UNTOUCHED = frozenset({"defaultValue", "settings", "translations"})


def _labels(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every label in an input, of options, counterparts and translations too, with its place."""
    if isinstance(value, Mapping):
        is_translation = "label" in str(value.get("property")).lower()
        for key, part in value.items():
            place = f"{path}.{key}" if path else str(key)
            if isinstance(part, str):
                if "label" in str(key).lower() or (is_translation and key == "value"):
                    yield place, part
            elif key not in ("settings", "defaultValue"):
                yield from _labels(part, place)
    elif isinstance(value, list):
        for part in value:
            yield from _labels(part, path)


def _tidied(value: object) -> object:
    if isinstance(value, str):
        return _SPACES.sub(" ", value.strip())
    if isinstance(value, Mapping):
        return {key: _tidied(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_tidied(part) for part in value]
    return value
