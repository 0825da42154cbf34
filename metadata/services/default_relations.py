"""The relations of every custom object: to those standard objects that hold something of any record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from config.errors import CREATING_OBJECT, Failure, MetadataValidationFailed, Problem
from config.texts import capitalised
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.names import taken_problem
from metadata.services.change import Change
from metadata.services.rows import RelationEnd, next_position, relation_pair, taken_names


@dataclass(frozen=True, slots=True)
class DefaultRelation:
    """A standard object that every custom object is related to, and what both sides are called.

    `inverse_name` is the name of the field on the standard object, from the custom object's own.
    """

    object_name: str
    field_name: str
    label: str
    icon: str
    is_morph: bool
    inverse_name: Callable[[str], str]


def _target_name(name_singular: str) -> str:
    return f"target{capitalised(name_singular)}"


def _own_name(name_singular: str) -> str:
    return name_singular


DEFAULT_RELATIONS = (
    DefaultRelation(
        "timelineActivity", "timelineActivities", "Timeline Activities", "IconTimelineEvent", True, _target_name
    ),
    DefaultRelation("attachment", "attachments", "Attachments", "IconPaperclip", True, _target_name),
    DefaultRelation("noteTarget", "noteTargets", "Notes", "IconNotes", True, _target_name),
    DefaultRelation("taskTarget", "taskTargets", "Tasks", "IconCheckbox", True, _target_name),
    DefaultRelation("favorite", "favorites", "Favorites", "IconHeart", False, _own_name),
)


def with_default_relations(
    change: Change, obj: ObjectMetadata, fields: list[FieldMetadata]
) -> tuple[list[FieldMetadata], list[FieldMetadata]]:
    """The object's fields with its ends of the default relations, and the other ends."""
    others = {
        relation.object_name: other
        for relation in DEFAULT_RELATIONS
        if (other := change.object_named(relation.object_name)) is not None and not other.is_custom
    }
    pairs = default_relations(obj, fields, others, {name: change.fields_of(each.id) for name, each in others.items()})
    own = [each for each in pairs if each.object_id == obj.id]
    return [*fields, *own], [each for each in pairs if each.object_id != obj.id]


def default_relations(
    obj: ObjectMetadata,
    own: Sequence[FieldMetadata],
    others: Mapping[str, ObjectMetadata],
    fields: Mapping[str, Sequence[FieldMetadata]],
) -> list[FieldMetadata]:
    """Both ends of a custom object's default relations to those of the `others` that take part in them.

    `own` and `fields` are what the objects have. Raises MetadataValidationFailed when a name is taken.
    """
    made: list[FieldMetadata] = []
    failures: list[Failure] = []
    for relation in DEFAULT_RELATIONS:
        other = others.get(relation.object_name)
        if other is None:
            continue
        theirs = [*fields[relation.object_name], *(each for each in made if each.object_id == other.id)]
        name = relation.inverse_name(obj.name_singular)
        problems = taken_problems(name, theirs)
        if problems:
            failures.append(Failure("fieldMetadata", "create", problems, {"name": name}))
            continue
        flags = {"is_system": True, "is_managed": True}
        to_one, to_many = relation_pair(
            other,
            RelationEnd(
                name=name,
                label=obj.label_singular,
                icon=obj.icon or "IconBuildingSkyscraper",
                description=f"{other.label_singular} {obj.label_singular}",
                position=next_position(theirs),
                type_name="MORPH_RELATION" if relation.is_morph else "RELATION",
                flags=flags | {"application_id": obj.application_id},
            ),
            obj,
            RelationEnd(
                name=relation.field_name,
                label=relation.label,
                icon=relation.icon,
                description=f"{relation.label} tied to the {obj.label_singular}",
                position=next_position([*own, *(each for each in made if each.object_id == obj.id)]),
                flags=flags,
            ),
            on_delete="CASCADE",
            morph_id=_morph_id(theirs) if relation.is_morph else None,
        )
        made += [to_many, to_one]
    if failures:
        raise MetadataValidationFailed(failures, CREATING_OBJECT)
    return made


def _morph_id(fields: Sequence[FieldMetadata]) -> UUID:
    """The id that the rows of the object's own morph relation share."""
    return next((each.morph_id for each in fields if each.morph_id is not None and not each.is_custom), None) or uuid4()


def taken_problems(name: str, others: Sequence[FieldMetadata]) -> list[Problem]:
    taken = taken_names(others)
    return [taken_problem(each) for each in (name, f"{name}Id") if each in taken]
