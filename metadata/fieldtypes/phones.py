"""Phone numbers: the national number, the country (ISO 3166-1 alpha-2) and the calling code (`+33`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, NumberParseException

from config.errors import (
    ConflictingPhoneCallingCode,
    ConflictingPhoneCodes,
    ConflictingPhoneCountryCode,
    InvalidPhone,
    InvalidPhoneCallingCode,
    InvalidPhoneCountryCode,
    shortened,
)
from config.http.bounds import MAX, spend
from metadata.fieldtypes.composite import CompositeType, by_name, text_part
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.rawjson import clean_list, json_part
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import ARRAY
from metadata.fieldtypes.values import clean_text, invalid_object

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

Phone = tuple[str | None, str | None, str | None]  # national number, country, calling code

_NUMBER, _COUNTRY, _CALLING = "primaryPhoneNumber", "primaryPhoneCountryCode", "primaryPhoneCallingCode"
LONGEST = 250  # characters of a number, as phonenumbers has it
_PRIMARY = (_NUMBER, _COUNTRY, _CALLING)


def resolve_phone(number: str | None, country: str | None, calling: str | None, path: str) -> Phone:
    """The three parts in their stored form: checked against each other, the missing ones inferred.

    A number that parses but that no subscriber has is kept. A calling code that several countries share
    (`+1`) infers a country only from a number that tells them apart. Raises a class of InvalidPhone.
    """
    country = _known_country(country, path)
    calling_code = _known_calling_code(calling, path)
    if country and calling_code and _calling_code_of(country) != calling_code:
        raise ConflictingPhoneCodes("Provided country code and calling code are conflicting", path=path)
    if number is None:
        return None, country, f"+{calling_code}" if calling_code else None

    if len(number) > LONGEST:
        raise InvalidPhone(f"Provided phone number is invalid {shortened(number, 64)}", path=path)
    region = country or _main_region(calling_code)
    parsed = parse_plain(number, region)
    if parsed is None or not (parsed.region or country):
        parsed = _parse(number, region, path)
    is_international = number.lstrip().startswith(("+", "＋"))
    inferred = parsed.region if country is None or is_international else None
    if country and _calling_code_of(country) != parsed.calling_code:
        raise ConflictingPhoneCountryCode("Provided and inferred country code are conflicting", path=path)
    if country and is_international and inferred and inferred != country:
        raise ConflictingPhoneCountryCode("Provided and inferred country code are conflicting", path=path)
    if calling_code and parsed.calling_code != calling_code:
        raise ConflictingPhoneCallingCode("Provided and inferred calling code are conflicting", path=path)
    return parsed.national, country or inferred, f"+{parsed.calling_code}"


class _Parsed(NamedTuple):
    """What a number says: its national significant number, its calling code and the country it belongs to."""

    national: str
    calling_code: int
    region: str | None


def _parse(number: str, region: str | None, path: str) -> _Parsed:
    spend("phone numbers that have to be read closely", 1, MAX.phone_numbers)
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        raise InvalidPhone(f"Provided phone number is invalid {number}", path=path) from None
    assert parsed.country_code is not None
    return _Parsed(phonenumbers.national_significant_number(parsed), parsed.country_code, _own_region(parsed))


class _NumberingPlan(NamedTuple):
    """What `parse_plain` needs of a country."""

    calling_code: int
    is_alone: bool  # no other country has the calling code
    international: re.Pattern[str]  # how a number starts that may not be a national one
    prefix: re.Pattern[str] | None  # the trunk prefix
    national: re.Pattern[str]
    lengths: frozenset[int]


@cache
def _plan(region: str) -> _NumberingPlan | None:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.country_code is None or metadata.general_desc is None:
        return None
    general = metadata.general_desc
    starts = [each for each in (str(metadata.country_code), metadata.international_prefix) if each]
    prefix = metadata.national_prefix_for_parsing
    return _NumberingPlan(
        metadata.country_code,
        len(COUNTRY_CODE_TO_REGION_CODE[metadata.country_code]) == 1,
        re.compile("|".join(f"(?:{each})" for each in starts)),
        re.compile(prefix) if prefix else None,
        re.compile(general.national_number_pattern or ""),
        frozenset(general.possible_length),
    )


def parse_plain(number: str, region: str | None) -> _Parsed | None:
    """What `phonenumbers.parse` finds, for the numbers most records have, in a tenth of its time.

    Those are digits alone, of the country assumed, and digits behind a `+` whose calling code only one country
    has; with no trunk prefix, or with one that leaves a number of that country. None for all others. `region` is
    None when other countries have the calling code too.
    """
    is_international = number.startswith("+")
    digits = number[1:] if is_international else number
    if not (digits.isdigit() and digits.isascii() and 6 <= len(digits) <= 15):
        return None
    if is_international:
        region, digits = _split_calling_code(digits)
    plan = None if region is None else _plan(region)
    if plan is None or len(digits) < 4:
        return None
    if not plan.is_alone if is_international else plan.international.match(digits):
        return None
    found = None if plan.prefix is None else plan.prefix.match(digits)
    if found is not None and found.end() > 0:
        digits = digits[found.end() :]
        if found.re.groups or len(digits) not in plan.lengths or not plan.national.fullmatch(digits):
            return None
    return _Parsed(digits, plan.calling_code, region if plan.is_alone else None)


def _split_calling_code(digits: str) -> tuple[str | None, str]:
    """The main country of the calling code that international digits start with, and the rest."""
    for size in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:size]))
        if regions is not None and digits[0] != "0":
            return regions[0], digits[size:]
    return None, digits


@cache
def _calling_code_of(country: str) -> int:
    return phonenumbers.country_code_for_region(country)


def _known_country(country: str | None, path: str) -> str | None:
    if country is None:
        return None
    if country.upper() not in SUPPORTED_REGIONS:
        raise InvalidPhoneCountryCode(f"Invalid country code {country}", path=path)
    return country.upper()


def _known_calling_code(calling: str | None, path: str) -> int | None:
    if calling is None:
        return None
    digits = calling.removeprefix("+")
    if len(digits) > 6 or not (digits.isascii() and digits.isdigit()) or int(digits) not in COUNTRY_CODE_TO_REGION_CODE:
        raise InvalidPhoneCallingCode(f"Invalid calling code {calling}", path=path)
    return int(digits)


def _main_region(calling_code: int | None) -> str | None:
    return None if calling_code is None else phonenumbers.region_code_for_country_code(calling_code)


def _own_region(parsed: phonenumbers.PhoneNumber) -> str | None:
    region = phonenumbers.region_code_for_number(parsed)
    return region if region in SUPPORTED_REGIONS else None  # "001" is a service of no country


def clean_phones(value: Json, path: str) -> list[dict[str, str]] | None:
    """A list of `{number, countryCode, callingCode}` (or its JSON text), each resolved on its own.

    Entries whose parts are all empty are left out; one that has none of the parts is a mistake. A code that the number
    does not tell stays absent.
    """
    phones = []
    for entry in clean_list(value, path) or []:
        if not isinstance(entry, dict) or not entry.keys() & _ENTRY_PARTS:
            raise invalid_object(entry, path)
        number, country, calling = (
            clean_text(entry.get(key), f"{path}.{key}") for key in ("number", "countryCode", "callingCode")
        )
        number, country, calling = resolve_phone(number, country, calling, path)
        if number or country or calling:
            phones.append(_entry(number or "", country, calling))
    return phones or None


def _numbers_of(values: Iterable[Json]) -> Iterator[Json]:
    """What was sent as numbers, wherever it has the shape for it."""
    for value in values:
        if isinstance(value, Mapping):
            yield value.get(_NUMBER)
            further = value.get("additionalPhones")
            if isinstance(further, list):
                yield from (each.get("number") for each in further if isinstance(each, Mapping))


def _is_read_closely(number: Json) -> bool:
    """Whether it certainly is: others may be too, as `parse_plain` says."""
    return isinstance(number, str) and len(number) <= LONGEST and re.search(r"[^\d\s]", number.strip()[1:]) is not None


def _primary_phone(stored: Json) -> Json:
    """The primary number as an entry of the further ones."""
    if not stored.get(_NUMBER):
        return None
    return _entry(stored[_NUMBER], stored.get(_COUNTRY), stored.get(_CALLING))


_ENTRY_PARTS = frozenset({"number", "countryCode", "callingCode"})


def _entry(number: str, country: str | None, calling: str | None) -> dict[str, str]:
    codes = {"countryCode": country, "callingCode": calling}
    return {"number": number, **{name: code for name, code in codes.items() if code}}


@register
class PhonesType(CompositeType):
    """Stored: `{"primaryPhoneNumber": "612345678", "primaryPhoneCountryCode": "FR", "primaryPhoneCallingCode":
    "+33", "additionalPhones": [{"number", "countryCode", "callingCode"}, …]}`, absent parts left out.
    """

    name = "PHONES"
    label = "Phones"
    description = "A primary phone number and further ones, each with its country and calling code."
    noun = "phones"

    subfields = by_name(
        [
            text_part(_NUMBER, "Primary Phone Number", is_unique_part=True),
            text_part(_COUNTRY, "Primary Phone Country Code", is_unique_part=True),
            text_part(_CALLING, "Primary Phone Calling Code", is_unique_part=True),
            json_part(
                "additionalPhones",
                "Additional Phones",
                sql_type=ARRAY,
                clean=clean_phones,
                json_schema={
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "number": {"type": "string"},
                            "countryCode": {"type": "string"},
                            "callingCode": {"type": "string"},
                        },
                    },
                },
            ),
        ]
    )
    empty_subfields = _PRIMARY
    searchable = True
    is_dear = True

    graphql = "Phones"
    graphql_filter = "PhonesFilterInput"
    example = {
        _NUMBER: "612345678",
        _COUNTRY: "FR",
        _CALLING: "+33",
        "additionalPhones": [{"number": "612345679", "countryCode": "FR", "callingCode": "+33"}],
    }
    samples = Samples(
        good=[
            ({_NUMBER: "+33612345678"}, {_NUMBER: "612345678", _COUNTRY: "FR", _CALLING: "+33"}),
            ({_NUMBER: "06 12 34 56 78", _COUNTRY: "FR"}, {_NUMBER: "612345678", _COUNTRY: "FR", _CALLING: "+33"}),
            (
                {_NUMBER: "01234567890", _COUNTRY: "FR", _CALLING: "+33"},
                {_NUMBER: "1234567890", _COUNTRY: "FR", _CALLING: "+33"},
            ),
            ({_NUMBER: "612345678", _CALLING: "33"}, {_NUMBER: "612345678", _COUNTRY: "FR", _CALLING: "+33"}),
            ({_NUMBER: "123456789", _CALLING: "+1"}, {_NUMBER: "123456789", _CALLING: "+1"}),
            ({_NUMBER: "123", _COUNTRY: "US"}, {_NUMBER: "123", _COUNTRY: "US", _CALLING: "+1"}),
            ({_COUNTRY: "FR"}, {_COUNTRY: "FR"}),
            (
                {"additionalPhones": [{"number": "+33612345679"}]},
                {"additionalPhones": [{"number": "612345679", "countryCode": "FR", "callingCode": "+33"}]},
            ),
            (
                {
                    "additionalPhones": [
                        {"number": "123456789", "callingCode": "+1"},
                        {"number": ""},
                    ]
                },
                {"additionalPhones": [{"number": "123456789", "callingCode": "+1"}]},
            ),
            ({_NUMBER: "", "additionalPhones": []}, None),
            (None, None),
        ],
        bad=[
            ("+33612345678", "Invalid object value '+33612345678' for field \"sample\""),
            ({_NUMBER: "612345678"}, "Provided phone number is invalid 612345678"),
            ({_NUMBER: "abc", _COUNTRY: "FR"}, "Provided phone number is invalid abc"),
            ({_COUNTRY: "ZZ"}, "Invalid country code ZZ"),
            ({_CALLING: "+9999"}, "Invalid calling code +9999"),
            ({_COUNTRY: "FR", _CALLING: "+1"}, "Provided country code and calling code are conflicting"),
            ({_NUMBER: "+33612345678", _COUNTRY: "US"}, "Provided and inferred country code are conflicting"),
            ({_NUMBER: "+33612345678", _CALLING: "+1"}, "Provided and inferred calling code are conflicting"),
            ({"additionalPhones": [{"number": "12"}]}, "Provided phone number is invalid 12"),
            ({"additionalPhones": [1]}, 'Invalid object value 1 for field "sample.additionalPhones"'),
            ({"additionalPhones": [{}]}, 'Invalid object value {} for field "sample.additionalPhones"'),
            (
                {"additionalPhones": [{"phone": "+33612345679"}]},
                "Invalid object value { phone: '+33612345679' } for field \"sample.additionalPhones\"",
            ),
            ({_NUMBER: 1}, 'Invalid string value 1 for text field "sample.primaryPhoneNumber"'),
            ({"foo": 1}, 'Invalid subfield foo for phones field "sample"'),
        ],
        answers=[
            (
                {_NUMBER: "612345678", _CALLING: "+33"},
                {_NUMBER: "612345678", _COUNTRY: "", _CALLING: "+33", "additionalPhones": []},
            ),
            (None, {_NUMBER: "", _COUNTRY: "", _CALLING: "", "additionalPhones": []}),
        ],
        operands={f"{_NUMBER}.eq": "612345678", f"{_CALLING}.in": "+33", "additionalPhones.like": "%6123%"},
    )

    def weigh(self, values: Iterable[Json]) -> None:
        closely = sum(map(_is_read_closely, _numbers_of(values)))
        if closely > MAX.phone_numbers:
            spend("phone numbers that have to be read closely", closely, MAX.phone_numbers)

    def clean(self, value: Json, field: FieldSchema) -> Json:
        cleaned = super().clean(value, field)
        if not cleaned:
            return cleaned
        number, country, calling = cleaned.get(_NUMBER), cleaned.get(_COUNTRY), cleaned.get(_CALLING)
        if number:  # a new number replaces the codes of the old one, known or not
            cleaned[_NUMBER], cleaned[_COUNTRY], cleaned[_CALLING] = resolve_phone(number, country, calling, field.name)
        elif country or calling:
            resolved = resolve_phone(None, country, calling, field.name)
            cleaned |= {part: text for part, text in zip(_PRIMARY, resolved, strict=True) if text is not None}
        return cleaned

    def unique_sql(self, field: FieldSchema) -> tuple[str, ...]:
        number, country, calling = (self.sql(field, part).value for part in _PRIMARY)
        return number, f"coalesce({country}, '')", f"coalesce({calling}, '')"

    def unique_condition_sql(self, field: FieldSchema) -> str | None:
        return f"{self.sql(field, _NUMBER).value} IS NOT NULL"

    def unique_values(self, stored: Json) -> tuple[str, ...] | None:
        if not stored or not stored.get(_NUMBER):
            return None
        return stored[_NUMBER], stored.get(_COUNTRY, ""), stored.get(_CALLING, "")

    def combine(self, values: Sequence[Json]) -> Json:
        return self.combine_with_extra(values, "additionalPhones", _primary_phone, lambda phone: phone["number"])

    search_paths = ("$.primaryPhoneNumber", "$.additionalPhones[*].number")

    def search_texts(self, stored: Json) -> Iterable[str]:
        """The number alone, with its calling code and with the trunk prefix 0: the ways it is typed in."""
        numbers = [(stored.get(_CALLING, ""), stored.get(_NUMBER))]
        numbers += [(phone.get("callingCode", ""), phone["number"]) for phone in stored.get("additionalPhones", [])]
        return [text for calling, number in numbers if number for text in (number, f"{calling}{number}", f"0{number}")]
