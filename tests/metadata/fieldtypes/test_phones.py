"""Phone numbers: the short way to read one agrees with the library, for every country's numbers."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import SUPPORTED_REGIONS, NumberParseException, PhoneNumberType

from metadata.fieldtypes.phones import parse_plain

REGIONS = sorted(SUPPORTED_REGIONS)


def national_number(number: str, region: str | None) -> tuple[str, int] | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return None
    return phonenumbers.national_significant_number(parsed), parsed.country_code


def agrees(number: str, region: str | None) -> bool:
    """Whether the short way was taken; if so, its answer is the library's."""
    plain = parse_plain(number, region)
    if plain is None:
        return False
    assert (plain.national, plain.calling_code) == national_number(number, region), (number, region)
    if plain.region is not None:
        assert plain.region == phonenumbers.region_code_for_number(phonenumbers.parse(number, region))
    return True


@pytest.mark.parametrize("region", REGIONS)
def test_the_example_numbers_of_every_country(region: str) -> None:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    for kind in PhoneNumberType.values():
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        national = phonenumbers.national_significant_number(example)
        trunk, calling = metadata.national_prefix or "", example.country_code
        for number in (national, trunk + national, f"+{calling}{national}", f"+{calling}{trunk}{national}"):
            agrees(number, region)
        for number in (f"{calling}{national}", f"00{calling}{national}", f"{trunk}{trunk}{national}"):
            agrees(number, region)


@given(
    st.sampled_from(["", "", "+", "0", "00", "1", "8"]),
    st.text("0123456789", min_size=1, max_size=17),
    st.sampled_from([*REGIONS, None]),
)
def test_any_digits(start: str, digits: str, region: str | None) -> None:
    agrees(start + digits, region)


@pytest.mark.parametrize(
    ("number", "region", "national"),
    [
        ("01701234567", "DE", "1701234567"),
        ("+491701234567", None, "1701234567"),
        ("612345678", "FR", "612345678"),
        ("2125550123", "US", "2125550123"),
    ],
)
def test_the_usual_numbers_take_the_short_way(number: str, region: str | None, national: str) -> None:
    plain = parse_plain(number, region)
    assert plain is not None and plain.national == national


@pytest.mark.parametrize("number", ["+1 212 555 0123", "+12125550123", "٠١٧٠١٢٣٤٥٦٧", "123", "12345678901234567", ""])
def test_the_library_reads_the_rest(number: str) -> None:
    assert parse_plain(number, "DE") is None
