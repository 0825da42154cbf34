"""Phones, e-mails, links and the merging of partial values: the cases that samples do not show."""

from __future__ import annotations

from typing import Any

import pytest

from config.errors import (
    ApiError,
    ConflictingPhoneCallingCode,
    ConflictingPhoneCodes,
    ConflictingPhoneCountryCode,
    InvalidPhone,
    InvalidPhoneCallingCode,
    InvalidPhoneCountryCode,
    InvalidUrl,
)
from metadata.fieldtypes.emails import canonical_email
from metadata.fieldtypes.links import canonical_url
from metadata.fieldtypes.phones import resolve_phone
from tests.metadata.fieldtypes.fields import field_of


@pytest.mark.parametrize(
    ("phone", "stored"),
    [
        (("+33612345678", None, None), ("612345678", "FR", "+33")),
        (("+33 6 12 34 56 78", "FR", "+33"), ("612345678", "FR", "+33")),
        (("06.12.34.56.78", "fr", None), ("612345678", "FR", "+33")),
        (("0612345678", None, "+33"), ("612345678", "FR", "+33")),
        (("01234567890", "FR", "+33"), ("1234567890", "FR", "+33")),
        (("1234567890", "FR", None), ("1234567890", "FR", "+33")),
        (("+1 650 253 0000", None, None), ("6502530000", "US", "+1")),
        (("123456789", None, "+1"), ("123456789", None, "+1")),
        (("+39 02 1234 5678", None, None), ("0212345678", "IT", "+39")),
        ((None, "FR", None), (None, "FR", None)),
        ((None, None, "33"), (None, None, "+33")),
        ((None, None, None), (None, None, None)),
    ],
)
def test_phones_are_resolved(phone: Any, stored: Any) -> None:
    number, country, calling = phone
    assert resolve_phone(number, country, calling, "phones") == stored


@pytest.mark.parametrize(
    ("phone", "error", "message"),
    [
        ((None, "XX", None), InvalidPhoneCountryCode, "Invalid country code XX"),
        ((None, None, "+000"), InvalidPhoneCallingCode, "Invalid calling code +000"),
        ((None, None, "x"), InvalidPhoneCallingCode, "Invalid calling code x"),
        (("612345678", "FR", "+1"), ConflictingPhoneCodes, "Provided country code and calling code are conflicting"),
        (("612345678", None, None), InvalidPhone, "Provided phone number is invalid 612345678"),
        (("1", "FR", None), InvalidPhone, "Provided phone number is invalid 1"),
        (("+33612345678", "US", None), ConflictingPhoneCountryCode,
         "Provided and inferred country code are conflicting"),
        (("+33612345678", None, "+1"), ConflictingPhoneCallingCode,
         "Provided and inferred calling code are conflicting"),
    ],
)  # fmt: skip
def test_phones_are_refused(phone: Any, error: type[ApiError], message: str) -> None:
    number, country, calling = phone
    with pytest.raises(error) as refusal:
        resolve_phone(number, country, calling, "phones")
    assert refusal.value.message == message
    assert type(refusal.value) is error


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("ada+tag@sub.example.co.uk.", "ada+tag@sub.example.co.uk"),
        ("ada@exämple。org", "ada@xn--exmple-cua.org"),
        ("ada@BÜCHER．example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("用户@例え.jp", "用户@xn--r8jz45g.jp"),
        ("A\u0308da@example.org", "äda@example.org"),
        ("J\u030can@example.org", "\u01f0an@example.org"),  # composed only when it is in lower case
        ("\u01f0an@example.org", "\u01f0an@example.org"),
        ("ad\u200da@example.org", None),
        ("ada@exam\u00adple.org", None),
        ("\u2066ada@example.org\u2069", None),
        ("ada", None),
        ("@example.org", None),
        ("ada@", None),
        ("ada@example", None),
        ("ada@example..org", None),
        (".ada@example.org", None),
        ("a..b@example.org", None),
        ("a b@example.org", None),
        ("ada@example.org ", None),
        ("a@b@example.org", None),
        ("ada@-x.org", None),
        ("ada@1.2.3.4", None),
        ("a" * 65 + "@example.org", None),
    ],
)
def test_emails(text: str, canonical: str | None) -> None:
    assert canonical_email(text) == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("HTTPS://User@ACME.Example:8080/Path/", "https://User@acme.example:8080/Path"),
        ("https://acme.example/?q=A/", "https://acme.example/?q=A/"),
        ("https://acme.example//", "https://acme.example/"),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]"),
        ("https://münchen.example", "https://münchen.example"),
        ("twenty.com/", "twenty.com/"),
        ("Linkedin.com/in/ada", "Linkedin.com/in/ada"),
        ("slack://channel", "slack://channel"),
        ("acme", None),
        ("https://", None),
        ("https://a b.example", None),
        ("javascript:alert(1)", None),
        ("data://text/html,x", None),
        ("..", None),
    ],
)
def test_urls(text: str, canonical: str | None) -> None:
    assert canonical_url(text) == canonical


def test_a_wrong_url_has_a_code_of_its_own() -> None:
    links = field_of("LINKS")
    with pytest.raises(InvalidUrl) as refusal:
        links.type.clean({"primaryLinkUrl": "x"}, links)
    assert (refusal.value.code, refusal.value.sub_code) == ("INVALID_URL", "INVALID_URL")


@pytest.mark.parametrize(
    ("kind", "stored", "given", "merged"),
    [
        ("FULL_NAME", {"firstName": "Ada", "lastName": "L"}, {"lastName": "B"}, {"firstName": "Ada", "lastName": "B"}),
        ("FULL_NAME", {"firstName": "Ada"}, {"firstName": ""}, None),
        ("FULL_NAME", {"firstName": "Ada"}, None, None),
        ("FULL_NAME", {"firstName": "Ada"}, {}, {"firstName": "Ada"}),
        ("EMAILS", {"primaryEmail": "a@b.example"}, {"additionalEmails": ["c@d.example"]},
         {"primaryEmail": "a@b.example", "additionalEmails": ["c@d.example"]}),
        ("LINKS", {"primaryLinkUrl": "a.example"}, {"secondaryLinks": [{"label": "B", "url": "b.example"}]},
         {"primaryLinkUrl": "a.example", "secondaryLinks": [{"label": "B", "url": "b.example"}]}),
        ("LINKS", {"primaryLinkUrl": "a.example", "secondaryLinks": [{"label": "B", "url": "b.example"}]},
         {"primaryLinkUrl": ""}, {"primaryLinkUrl": "b.example", "primaryLinkLabel": "B"}),
        ("PHONES", {"primaryPhoneNumber": "612345678", "primaryPhoneCountryCode": "FR",
                    "primaryPhoneCallingCode": "+33", "additionalPhones": [{"number": "1"}]},
         {"primaryPhoneNumber": "123456789", "primaryPhoneCallingCode": "+1"},
         {"primaryPhoneNumber": "123456789", "primaryPhoneCallingCode": "+1", "additionalPhones": [{"number": "1"}]}),
        ("CURRENCY", {"amountMicros": 1, "currencyCode": "EUR"}, {"amountMicros": 2},
         {"amountMicros": 2, "currencyCode": "EUR"}),
        ("RICH_TEXT", {"markdown": "a", "blocknote": "[]"}, {"markdown": None}, None),
    ],
)  # fmt: skip
def test_a_partial_value_keeps_the_other_parts(kind: str, stored: Any, given: Any, merged: Any) -> None:
    field = field_of(kind)
    assert field.type.merge(stored, field.type.clean(given, field), field) == merged


def test_phone_lists_may_be_json_text() -> None:
    phones = field_of("PHONES")
    cleaned = phones.type.clean({"additionalPhones": '[{"number": "+33612345679"}, {"number": ""}]'}, phones)
    assert cleaned == {"additionalPhones": [{"number": "612345679", "countryCode": "FR", "callingCode": "+33"}]}


def test_phone_uniqueness_needs_a_number_and_looks_at_all_three_parts() -> None:
    phones = field_of("PHONES").type
    assert phones.unique_values({"primaryPhoneCountryCode": "FR"}) is None
    assert phones.unique_values(None) is None
    assert phones.unique_values({"primaryPhoneNumber": "1"}) == ("1", "", "")
    assert phones.unique_values({"primaryPhoneNumber": "1", "primaryPhoneCallingCode": "+33"}) == ("1", "", "+33")
    assert field_of("EMAILS").type.unique_values({"primaryEmail": "a@b.example"}) == ("a@b.example",)


@pytest.mark.parametrize(
    ("kind", "stored", "texts"),
    [
        ("TEXT", "Ada", ["Ada"]),
        ("FULL_NAME", {"firstName": "Ada", "lastName": "L"}, ["Ada", "L"]),
        ("EMAILS", {"primaryEmail": "a@b.c", "additionalEmails": ["d@e.f"]}, ["a@b.c", "d@e.f"]),
        ("PHONES", {"primaryPhoneNumber": "6", "primaryPhoneCallingCode": "+33"}, ["6", "+336", "06"]),
        ("LINKS", {"primaryLinkUrl": "a.b", "secondaryLinks": [{"label": "L", "url": "c.d"}]}, ["a.b", "L", "c.d"]),
        ("ADDRESS", {"addressCity": "Oslo", "addressLat": 1}, ["Oslo"]),
        ("RICH_TEXT", {"blocknote": "[]", "markdown": "Hi"}, ["Hi"]),
        ("NUMBER", 1, []),
    ],
)
def test_search_texts(kind: str, stored: Any, texts: list[str]) -> None:
    assert list(field_of(kind).type.search_texts(stored)) == texts
