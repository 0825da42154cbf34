"""One object with a field of every type, the smallest model that typed clients can be held against whole.

`gadget` has every type users can create, a relation to `part` and one to itself, and a morph relation to `part`
and `place`; the other sides of all of them are to-many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.registry import field_types
from metadata.models import ObjectMetadata, Workspace
from tests.factories import add_field, add_object, workspace_with

Json = Any

OBJECTS = "gadget,part,place"  # `objects` of a document: nothing but the model
_OPTIONS = [
    {"value": "RED", "label": "Red", "position": 0, "color": "red"},
    {"value": "BLUE", "label": "Blue", "position": 1, "color": "blue"},
]
VALUES: Mapping[str, Json] = {  # by type: what is sent, and answered the same
    "ACTOR": {"source": "EMAIL", "workspaceMemberId": None, "name": "Ada", "context": {"provider": "imap"}},
    "ADDRESS": {
        "addressStreet1": "1 Rue Descartes", "addressStreet2": "", "addressCity": "Paris", "addressPostcode": "75005",
        "addressState": "", "addressCountry": "France", "addressLat": 48.5, "addressLng": 2.25,
    },
    "ARRAY": ["b", "a"],
    "BOOLEAN": True,
    "CURRENCY": {"amountMicros": 60000000000, "currencyCode": "USD"},
    "DATE": "2026-01-31",
    "DATE_TIME": "2026-01-31T09:30:00.000Z",
    "EMAILS": {"primaryEmail": "ada@example.org", "additionalEmails": ["byron@example.org"]},
    "FILES": None,  # else of files that were uploaded
    "FULL_NAME": {"firstName": "Ada", "lastName": "Lovelace"},
    "LINKS": {
        "primaryLinkLabel": "Site", "primaryLinkUrl": "https://example.org",
        "secondaryLinks": [{"label": "Docs", "url": "https://docs.example.org"}],
    },
    "MULTI_SELECT": ["BLUE", "RED"],
    "NUMBER": 3.5,
    "NUMERIC": 12.25,
    "PHONES": {
        "primaryPhoneNumber": "612345678", "primaryPhoneCountryCode": "FR", "primaryPhoneCallingCode": "+33",
        "additionalPhones": [{"number": "612345679", "countryCode": "FR", "callingCode": "+33"}],
    },
    "RATING": "RATING_3",
    "RAW_JSON": {"a": [1, None, {"b": "c"}]},
    "RICH_TEXT": {"blocknote": "[]", "markdown": "# Hi"},
    "SELECT": "BLUE",
    "TEXT": "Grüße",
    "UUID": "20202020-1c25-4d02-bf25-6aeccf7ea419",
}  # fmt: skip


REFERENCES = ("mainPartId", "parentId", "topicPartId", "topicPlaceId")


def creatable() -> Iterator[FieldType]:
    """The types of fields with values that users can make."""
    return (each for each in field_types() if each.creation_refusal is None and not each.is_relation)


def name_of(type_name: str) -> str:
    """
    >>> name_of("DATE_TIME")
    'myDateTime'
    """
    return "my" + type_name.title().replace("_", "")


def add_every_type(workspace: Workspace) -> ObjectMetadata:
    """The object `gadget` with everything but its relations."""
    gadget = add_object(workspace, "gadget", "gadgets")
    for field_type in creatable():
        more: dict[str, Any] = {}
        if field_type.samples.settings is not None:
            more["settings"] = dict(field_type.samples.settings)
        if field_type.has_options:
            more["options"] = _OPTIONS
        add_field(workspace, gadget, field_type.name, name_of(field_type.name), **more)
    add_field(workspace, gadget, "NUMBER", "myInt", settings={"dataType": "int"})
    return gadget


def add_owner(workspace: Workspace, gadget: ObjectMetadata) -> None:
    """The relation `owner` of gadgets to people."""
    person = ObjectMetadata.objects.get(workspace=workspace, name_singular="person")
    payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": str(person.id), "targetFieldLabel": "Gadgets"}
    add_field(workspace, gadget, "RELATION", "owner", relationCreationPayload=payload)


def full(**more: Json) -> dict[str, Json]:
    """A body with a value for every field; of the relations and files only what is given."""
    return {**{name_of(each.name): VALUES[each.name] for each in creatable()}, "myInt": 12, **more}


def nulled() -> dict[str, Json]:
    """A body with nothing but nulls."""
    return dict.fromkeys([*full(), *REFERENCES])


def emptied() -> dict[str, Json]:
    """How a record is answered that was made of `nulled`."""
    answers = {each.name: next(to for stored, to in each.samples.answers if stored is None) for each in creatable()}
    return {**nulled(), **{name_of(name): answer for name, answer in answers.items()}}


def model_workspace() -> Workspace:
    """A new workspace with the model and no records."""
    workspace = workspace_with()
    gadget = add_every_type(workspace)
    part, place = (add_object(workspace, one, f"{one}s") for one in ("part", "place"))
    for name, target, label in (("mainPart", part, "Gadgets"), ("parent", gadget, "Children")):
        add_field(workspace, gadget, "RELATION", name, relationCreationPayload=_payload(target, label))
    both = [_payload(part, "Shown by"), _payload(place, "Shown by")]
    add_field(workspace, gadget, "MORPH_RELATION", "topic", morphRelationsCreationPayload=both)
    workspace.refresh_from_db()
    return workspace


def _payload(target: ObjectMetadata, label: str) -> Json:
    return {
        "type": "MANY_TO_ONE", "targetObjectMetadataId": str(target.id), "targetFieldLabel": label,
        "targetFieldIcon": "IconBox",
    }  # fmt: skip
