"""E-mail addresses in one canonical form, so that equal addresses are equal texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import idna

from config.errors import InvalidValue
from config.http.bounds import MAX, check_count, spend
from config.texts import has_invisible
from metadata.fieldtypes.composite import CompositeType, by_name, text_part
from metadata.fieldtypes.domains import other_spelling
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.rawjson import json_part
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import ARRAY
from metadata.fieldtypes.values import coerce_text, show

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

_ASCII_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+\Z)[a-z0-9-]{2,63}", re.ASCII
)
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f.]+(?:\.[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f.]+)*")
_DOTS = re.compile("[\u3002\uff0e\uff61]")  # ideographic, full-width and half-width full stops
LONGEST = 320  # characters: 64, the sign and 255 (RFC 5321 §4.5.3.1)
_COMPARING = frozenset({"eq", "neq", "in", "gt", "gte", "lt", "lte"})


def canonical_email(text: str) -> str | None:
    """The address in lower case, its domain in ASCII (IDNA, UTS 46) without a final dot; None when it is none.

    Nobody can see a zero-width or direction character, so an address with one is none.

    >>> canonical_email("Ada@München。Example.")
    'ada@xn--mnchen-3ya.example'
    """
    if len(text) > LONGEST:
        return None
    local, at, domain = text.rpartition("@")
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    local = local.lower()
    if not text.isascii():
        if has_invisible(text):
            return None  # it would make a second address that looks the same
        local, domain = unicodedata.normalize("NFC", local), _DOTS.sub(".", domain)
    domain = domain.removesuffix(".").lower()
    if not domain.isascii():
        if len(domain) > 253:
            return None
        spend("e-mail addresses with international domains", 1, MAX.international_domains)
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    if not _ASCII_DOMAIN.fullmatch(domain):
        return None
    return f"{local}@{domain}"


def _email_message(value: Json, path: str) -> str:
    return f'Invalid string value {show(value)} for email field "{path}"'


def clean_email(value: Json, path: str) -> str | None:
    if value is None or value == "":
        return None
    email = canonical_email(value) if isinstance(value, str) else None
    if email is None:
        raise InvalidValue(_email_message(value, path), path=path)
    return email


def clean_emails(value: Json, path: str) -> list[str] | None:
    """A list of addresses; the empty list is no value, empty addresses are left out."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise InvalidValue(_email_message(value, path), path=path)
    check_count(len(value), MAX.list_items, "items", path)
    emails = [canonical_email(each) if isinstance(each, str) and each else each for each in value]
    for given, email in zip(value, emails, strict=True):
        if email is None or not isinstance(email, str):
            raise InvalidValue(_email_message(given, path), path=path)
    return [email for email in emails if email] or None


def coerce_email(value: Json, operator: str, path: str) -> str:
    """An address compares in its canonical form; what is no address, and patterns, compare as given."""
    text = coerce_text(value, operator, path)
    return canonical_email(text) or text if operator in _COMPARING else text


@register
class EmailsType(CompositeType):
    """Stored: `{"primaryEmail": str, "additionalEmails": [str, …]}`, canonical, absent parts left out."""

    name = "EMAILS"
    label = "Emails"
    description = "A primary e-mail address and further ones, kept in lower case."
    noun = "emails"

    subfields = by_name(
        [
            text_part("primaryEmail", "Primary Email", is_unique_part=True, clean=clean_email, coerce=coerce_email),
            json_part(
                "additionalEmails",
                "Additional Emails",
                sql_type=ARRAY,
                clean=clean_emails,
                json_schema={"type": "array", "items": {"type": "string"}},
            ),
        ]
    )
    empty_subfields = ("primaryEmail",)
    searchable = True

    graphql = "Emails"
    graphql_filter = "EmailsFilterInput"
    example = {"primaryEmail": "ada@example.org", "additionalEmails": ["lovelace@example.org"]}
    samples = Samples(
        good=[
            ({"primaryEmail": "Uniq@Example.COM."}, {"primaryEmail": "uniq@example.com"}),
            ({"primaryEmail": "ada@münchen.example"}, {"primaryEmail": "ada@xn--mnchen-3ya.example"}),
            ({"primaryEmail": "a@b。example．com"}, {"primaryEmail": "a@b.example.com"}),
            ({"primaryEmail": "Ü@ＥＸＡＭＰＬＥ.com"}, {"primaryEmail": "ü@example.com"}),
            (
                {"primaryEmail": "", "additionalEmails": ["B@EXAMPLE.com", "b@example.com"]},
                {"additionalEmails": ["b@example.com", "b@example.com"]},
            ),
            ({"additionalEmails": []}, None),
            (None, None),
        ],
        bad=[
            ("a@b.example", "Invalid object value 'a@b.example' for field \"sample\""),
            ({"primaryEmail": "ada"}, "Invalid string value 'ada' for email field \"sample.primaryEmail\""),
            (
                {"primaryEmail": " a@b.example"},
                "Invalid string value ' a@b.example' for email field \"sample.primaryEmail\"",
            ),
            (
                {"primaryEmail": "a@localhost"},
                "Invalid string value 'a@localhost' for email field \"sample.primaryEmail\"",
            ),
            *(
                ({"primaryEmail": text}, f"Invalid string value '{text}' for email field \"sample.primaryEmail\"")
                for text in ("a\u200b@b.example", "\u202ea@b.example", "a@b\ufeff.example", "a\u3164@b.example")
            ),
            (
                {"additionalEmails": ["a\u00ad@b.example"]},
                "Invalid string value 'a\u00ad@b.example' for email field \"sample.additionalEmails\"",
            ),
            ({"primaryEmail": 1}, 'Invalid string value 1 for email field "sample.primaryEmail"'),
            (
                {"additionalEmails": "a@b.example"},
                "Invalid string value 'a@b.example' for email field \"sample.additionalEmails\"",
            ),
            (
                {"primaryEmail": "a@b.example", "additionalEmails": ["c@d.example", "x"]},
                "Invalid string value 'x' for email field \"sample.additionalEmails\"",
            ),
            ({"foo": 1}, 'Invalid subfield foo for emails field "sample"'),
        ],
        answers=[
            ({"primaryEmail": "a@b.example"}, {"primaryEmail": "a@b.example", "additionalEmails": []}),
            (None, {"primaryEmail": "", "additionalEmails": []}),
        ],
        operands={"primaryEmail.eq": "A@B.Example", "primaryEmail.ilike": "%@B.%", "additionalEmails.like": "%b%"},
    )

    def plain(self, stored: Json) -> Json:
        emails = [stored[part] for part in ("primaryEmail",) if part in stored] + stored.get("additionalEmails", [])
        return emails[0] if len(emails) == 1 else emails

    def convert(self, value: Json, field: FieldSchema) -> Json:
        if isinstance(value, str):
            value = [value.strip()]
        if isinstance(value, list) and value:
            value = {"primaryEmail": value[0], "additionalEmails": value[1:]}
        return super().convert(value, field)

    def combine(self, values: Sequence[Json]) -> Json:
        return self.combine_with_extra(
            values, "additionalEmails", lambda value: value.get("primaryEmail"), lambda email: email
        )

    search_paths = ("$.primaryEmail", "$.additionalEmails[*]")

    def search_texts(self, stored: Json) -> Iterable[str]:
        """Each address, also with its domain in Unicode: stored is punycode."""
        primary = stored.get("primaryEmail")
        for email in ([primary] if primary else []) + stored.get("additionalEmails", []):
            yield email
            local, _, domain = email.rpartition("@")
            spelled = other_spelling(domain)
            if spelled is not None:
                yield f"{local}@{spelled}"
