"""The only writer of stored views, their parts and page layouts.

A write checks every member and every reference, reports all faults at once, and locks the workspace so that no
object or field goes away meanwhile. The data model's version stays: records do not depend on views."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from config import audit
from config.errors import InvalidInput
from config.http.bounds import check_count
from config.principal import EVERYTHING, Permissions
from metadata import layout_models as shown
from metadata.models import FieldMetadata, Workspace
from metadata.services.layout.checking import apply_members, clean_member, place_problems, space_problems
from metadata.services.layout.kinds import CHILDREN, VIEW, VIEW_FIELD, VIEW_FIELD_GROUP
from metadata.services.layout.masking import MASK, hidden_fields
from metadata.services.layout.members import LARGEST_CREATED, Member, Resource, Row
from metadata.services.layout.reading import leads, resource_get, resource_stored
from metadata.services.locking import lock_workspace


@contextmanager
def _writing(workspace_id: UUID) -> Iterator[Workspace]:
    """A write of what is shown: one transaction, and no change of the data model beside it."""
    with transaction.atomic():
        workspace = lock_workspace(workspace_id)
        yield workspace


def resource_create(
    resource: Resource, *, workspace_id: UUID, values: Mapping[str, object], created_by: UUID | None = None
) -> Row:
    """A new row from members by API name. Raises InvalidInput with every fault."""
    (row,) = resource_create_many(resource, workspace_id=workspace_id, inputs=[values], created_by=created_by)
    return row


def resource_create_many(
    resource: Resource, *, workspace_id: UUID, inputs: Sequence[Mapping[str, object]], created_by: UUID | None = None
) -> list[Row]:
    """Several rows, all or none. Faults of several inputs say which one (`1: …`). Raises TooComplex for many."""
    check_count(len(inputs), LARGEST_CREATED, "inputs", "inputs")
    with _writing(workspace_id):
        rows: list[Row] = []
        problems: list[str] = []
        for place, values in enumerate(inputs):
            row = resource.model(workspace_id=workspace_id)
            faults = apply_members(resource, row, values, is_new=True)
            if not faults:
                if resource is VIEW:
                    row.created_by_user_workspace_id = created_by  # type: ignore[attr-defined]
                faults = space_problems(resource, row) or place_problems(resource, row)
            if not faults:
                row.save(force_insert=True)
                if resource is VIEW:
                    _regroup(row)
                rows.append(row)
            problems += [f"{place}: {each}" if len(inputs) > 1 else each for each in faults]
        if problems:
            raise _refusal(resource, problems)
        if len(rows) == 1:
            _note("created", resource, rows[0], after=_facts(resource, rows[0]))
        elif rows:
            audit.note(workspace_id, "layout.created", name=f"{len(rows)} {resource.many}", after={"count": len(rows)})
    return rows


_SUBJECT = re.compile(r"(?:(\d+): )?(\w+)", re.ASCII)


def _refusal(resource: Resource, problems: Sequence[str]) -> InvalidInput:
    """With the path of the member that the first problem begins with (`value`, or `0.value` of several inputs)."""
    match = _SUBJECT.match(problems[0])
    assert match is not None
    place, name = match[1], match[2][:1].lower() + match[2][1:]
    path = name if name in resource.by_name else None
    return InvalidInput(problems, path=path if path is None or place is None else f"{place}.{path}")


def resource_update(
    resource: Resource,
    *,
    workspace_id: UUID,
    id: UUID,
    update: Mapping[str, object],
    permissions: Permissions = EVERYTHING,
) -> Row:
    """Change members by API name; those fixed at creation are ignored. Raises MetadataNotFound, InvalidInput.

    A condition whose value is masked to who asks keeps it when the mask is sent back, and loses it with its field.
    """
    with _writing(workspace_id):
        row = resource_get(resource, workspace_id, id)
        before, kept_before = _facts(resource, row), _kept_out(resource, row)
        update = _unmasked(resource, row, update, permissions)
        grouping = getattr(row, "main_group_by_field_id", None)
        problems = apply_members(resource, row, update, is_new=False) or place_problems(resource, row, update)
        if problems:
            raise _refusal(resource, problems)
        row.updated_at = timezone.now()
        row.save(force_update=True)
        if resource is VIEW and row.main_group_by_field_id != grouping:
            _regroup(row)
        kept = _kept_out(resource, row)
        others = {name: "another" for name, value in kept.items() if value != kept_before[name]}
        _note("updated", resource, row, before=before, after={**_facts(resource, row), **others})
    return row


def _unmasked(
    resource: Resource, row: Row, update: Mapping[str, object], permissions: Permissions
) -> Mapping[str, object]:
    for member in resource.members:
        is_whole = member.object_attribute is not None
        if not (is_whole or member.field_attributes) or not hidden_fields(resource, [row], permissions):
            continue
        compared = [each for each in resource.members if each.attribute in member.field_attributes]
        if any(_is_another(each, row, update) for each in compared):
            return {member.name: MASK, **update}
        if update.get(member.name) == MASK:
            return {name: value for name, value in update.items() if name != member.name}
    return update


def _is_another(member: Member, row: Row, update: Mapping[str, object]) -> bool:
    """Whether the update names another field than the row does."""
    if member.name not in update or (update[member.name] is None and not member.is_nullable):
        return False
    return clean_member(member, update[member.name]) != (None, getattr(row, member.attribute))


def resource_update_many(
    resource: Resource,
    *,
    workspace_id: UUID,
    inputs: Sequence[tuple[UUID, Mapping[str, object]]],
    permissions: Permissions,
) -> list[Row]:
    """Several rows, all or none. Raises MetadataNotFound, InvalidInput, TooComplex for many."""
    check_count(len(inputs), LARGEST_CREATED, "inputs", "inputs")
    with _writing(workspace_id):
        return [
            resource_update(resource, workspace_id=workspace_id, id=id, update=update, permissions=permissions)
            for id, update in inputs
        ]


def resource_delete(resource: Resource, *, workspace_id: UUID, id: UUID) -> Row:
    """Hide the row and what hangs on it; one that is hidden stays so. Raises MetadataNotFound, InvalidInput."""
    with _writing(workspace_id):
        row = resource_stored(resource, workspace_id, id)
        if row.deleted_at is not None:
            return row
        _refuse_removal(resource, row)
        row.deleted_at = row.updated_at = timezone.now()
        _detach(resource, [row.id])
        for level in _levels(resource, [row.id]):
            for kind, ids in level:
                kind.model._default_manager.filter(id__in=ids, deleted_at=None).update(deleted_at=row.deleted_at)
        _note("deleted", resource, row, before=_facts(resource, row))
    return row


def resource_destroy(resource: Resource, *, workspace_id: UUID, id: UUID) -> Row:
    """Remove the row, deleted or not, and what hangs on it for good. Raises MetadataNotFound."""
    with _writing(workspace_id):
        row = resource_stored(resource, workspace_id, id)
        if row.deleted_at is None:
            _refuse_removal(resource, row)
        _note("deleted", resource, row, before=_facts(resource, row))
        destroy_rows(resource, [row.pk])
    return row


def _holds_values(member: Member) -> bool:
    """Whether a member may hold values of records, which are nobody's to keep elsewhere."""
    return bool(member.kind == "json" or member.holds_conditions or member.field_attributes or member.object_attribute)


def _facts(resource: Resource, row: Row) -> audit.Facts:
    """What the audit says of a row."""
    return {each.name: getattr(row, each.attribute) for each in resource.members if not _holds_values(each)}


def _kept_out(resource: Resource, row: Row) -> Mapping[str, object]:
    """The members of which it says only that they are others now."""
    return {each.name: getattr(row, each.attribute) for each in resource.members if _holds_values(each)}


def _note(
    verb: str,
    resource: Resource,
    row: Row,
    before: audit.Facts | None = None,
    after: audit.Facts | None = None,
) -> None:
    own = getattr(row, "name", None) or getattr(row, "title", None)
    name = resource.label.lower() if own is None else f"{resource.label.lower()} {own}"
    audit.note(row.workspace_id, f"layout.{verb}", subject_id=row.id, name=name, before=before, after=after)


def _refuse_removal(resource: Resource, row: Row) -> None:
    if resource is VIEW_FIELD and leads(row):
        raise InvalidInput(["Label identifier view field cannot be deleted"])


def _detach(resource: Resource, ids: Sequence[UUID]) -> None:
    """What belongs to rows that go, but stays without them."""
    if resource is VIEW_FIELD_GROUP:
        shown.ViewField.objects.filter(view_field_group_id__in=ids).update(view_field_group_id=None)


def destroy_rows(resource: Resource, ids: Sequence[UUID]) -> None:
    """Remove rows and what hangs on them; the foreign keys are checked at the end of the transaction."""
    if ids:
        _detach(resource, ids)
        for level in _levels(resource, ids):
            for kind, found in level:
                kind.model._default_manager.filter(id__in=found).delete()


def _levels(resource: Resource, ids: Sequence[UUID]) -> Iterator[list[tuple[Resource, Sequence[UUID]]]]:
    """The rows, then what hangs on them, and so on; a row is visited once."""
    level: list[tuple[Resource, Sequence[UUID]]] = [(resource, ids)]
    seen = set(ids)
    while level:
        below: list[tuple[Resource, Sequence[UUID]]] = []
        for kind, found in level:
            for child, attribute in CHILDREN.get(kind.one, ()):
                rows = child.model._default_manager.filter(**{f"{attribute}__in": found})
                fresh = [each for each in rows.values_list("id", flat=True) if each not in seen]
                seen.update(fresh)
                if fresh:
                    below.append((child, fresh))
        yield level
        level = below


def _regroup(view: Row) -> None:
    """The view's groups anew, one per option of the field it is grouped by and one for records without."""
    shown.ViewGroup.objects.filter(view=view).delete()
    if view.main_group_by_field_id is not None:
        grouping = FieldMetadata.objects.get(id=view.main_group_by_field_id)
        shown.ViewGroup.objects.bulk_create(groups_of(view, grouping))


def groups_of(view: Row, grouping: FieldMetadata) -> list[shown.ViewGroup]:
    options = sorted(grouping.options or (), key=lambda each: each["position"])
    values = [each["value"] for each in options] + ([""] if grouping.is_nullable else [])
    return [
        shown.ViewGroup(workspace_id=view.workspace_id, view=view, field_value=value, position=place)
        for place, value in enumerate(values)
    ]
