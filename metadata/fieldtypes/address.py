"""A postal address, with its place on the map."""

from __future__ import annotations

from collections.abc import Iterable

from metadata.fieldtypes.composite import CompositeType, by_name, text_part
from metadata.fieldtypes.number import numeric_part
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.registry import register

_EMPTY = {
    "addressStreet1": "", "addressStreet2": "", "addressCity": "", "addressPostcode": "", "addressState": "",
    "addressCountry": "", "addressLat": None, "addressLng": None,
}  # fmt: skip


@register
class AddressType(CompositeType):
    """Stored: the parts that are given; latitude and longitude as numbers (degrees)."""

    name = "ADDRESS"
    label = "Address"
    description = "A postal address; latitude and longitude in degrees."
    noun = "address"

    subfields = by_name(
        [
            text_part("addressStreet1", "Address 1"),
            text_part("addressStreet2", "Address 2"),
            text_part("addressCity", "City"),
            text_part("addressPostcode", "Post Code"),
            text_part("addressState", "State"),
            text_part("addressCountry", "Country"),
            numeric_part("addressLat", "Latitude"),
            numeric_part("addressLng", "Longitude"),
        ]
    )
    empty_subfields = tuple(_EMPTY)
    searchable = True
    unique_capable = False

    graphql = "Address"
    graphql_filter = "AddressFilterInput"
    example = {
        "addressStreet1": "1 Main St", "addressStreet2": "", "addressCity": "Oslo", "addressPostcode": "0150",
        "addressState": "", "addressCountry": "Norway", "addressLat": 59.91, "addressLng": 10.75,
    }  # fmt: skip
    samples = Samples(
        good=[
            ({"addressCity": "Oslo", "addressLat": "59.91"}, {"addressCity": "Oslo", "addressLat": 59.91}),
            ({"addressStreet1": "", "addressLng": 10}, {"addressLng": 10}),
            ({"addressCity": ""}, None),
            (None, None),
        ],
        bad=[
            ("Oslo", "Invalid object value 'Oslo' for field \"sample\""),
            ({"addressCity": 1}, 'Invalid string value 1 for text field "sample.addressCity"'),
            ({"addressLat": "north"}, 'Invalid number value NaN for field "sample.addressLat"'),
            ({"city": "Oslo"}, 'Invalid subfield city for address field "sample"'),
        ],
        answers=[({"addressCity": "Oslo", "addressLng": 10}, {**_EMPTY, "addressCity": "Oslo", "addressLng": 10}),
                 (None, _EMPTY)],
        operands={"addressCity.startsWith": "Os", "addressLat.gte": "59.9"},
    )  # fmt: skip

    def search_texts(self, stored: Json) -> Iterable[str]:
        return tuple(part for part in stored.values() if isinstance(part, str))
