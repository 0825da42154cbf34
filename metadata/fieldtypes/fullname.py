"""A person's name in two parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from metadata.fieldtypes.composite import CompositeType, by_name, text_part
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.registry import register

if TYPE_CHECKING:
    from metadata.schema import FieldSchema


@register
class FullNameType(CompositeType):
    """Stored: `{"firstName": str, "lastName": str}`, absent parts left out."""

    name = "FULL_NAME"
    label = "Full name"
    description = "A first and a last name."
    noun = "full name"

    subfields = by_name([text_part("firstName", "First Name"), text_part("lastName", "Last Name")])
    empty_subfields = ("firstName", "lastName")
    searchable = True
    unique_capable = False
    label_identifier_capable = True

    graphql = "FullName"
    graphql_filter = "FullNameFilterInput"
    example = {"firstName": "Ada", "lastName": "Lovelace"}
    samples = Samples(
        good=[
            ({"firstName": "Ada", "lastName": "Lovelace"}, {"firstName": "Ada", "lastName": "Lovelace"}),
            ({"firstName": "Ada", "lastName": ""}, {"firstName": "Ada"}),
            ({"lastName": None}, None),
            ({}, None),
            (None, None),
        ],
        bad=[
            ("Ada", "Invalid object value 'Ada' for field \"sample\""),
            ([], 'Invalid object value [] for field "sample"'),
            ({"firstName": 1}, 'Invalid string value 1 for text field "sample.firstName"'),
            ({"foo": "x"}, 'Invalid subfield foo for full name field "sample"'),
        ],
        answers=[
            ({"firstName": "Ada"}, {"firstName": "Ada", "lastName": ""}),
            (None, {"firstName": "", "lastName": ""}),
        ],
        operands={"firstName.eq": "Ada", "lastName.ilike": "%love%"},
    )

    def plain(self, stored: Json) -> Json:
        return " ".join(stored[part] for part in self.subfields if part in stored)

    def convert(self, value: Json, field: FieldSchema) -> Json:
        """The first word is the first name."""
        if isinstance(value, str):
            first, _, last = value.strip().partition(" ")
            value = {"firstName": first, "lastName": last.strip()}
        return super().convert(value, field)

    def search_texts(self, stored: Json) -> Iterable[str]:
        return tuple(stored.values())
