"""Web addresses, with their labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from config.errors import InvalidUrl
from metadata.fieldtypes.composite import CompositeType, by_name, text_part
from metadata.fieldtypes.domains import other_spelling
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.rawjson import clean_list, json_part
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import ARRAY
from metadata.fieldtypes.values import clean_text, coerce_text, invalid_object

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

INVALID_URL = "The URL of the link is not valid"

_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://((?:[^/?#@\s]*@)?)([^/?#@\s]+)([/?#]\S*)?")
_BARE = re.compile(r"([^/?#@\s:]+)(:\d{1,5})?([/?#]\S*)?")
_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)*[^\W_](?:[\w-]{0,61}[^\W_])?\.?(?::\d{1,5})?")
_DOMAIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:]+)")
_IPV6 = re.compile(r"\[[0-9a-fA-F:.]{2,45}\](?::\d{1,5})?")
_SCRIPTS = frozenset({"javascript", "vbscript", "data", "file", "blob"})  # a click on these runs or reads something
LONGEST = 8_192  # characters of a URL
_CANONICAL_OPERATORS = frozenset({"eq", "neq", "in"})


def canonical_url(text: str) -> str | None:
    """An absolute URL with scheme and host in lower case and without a final slash; None when it is no link.

    A link without a scheme (`acme.example/path`) is kept as it is.

    >>> canonical_url("HTTPS://ACME.example/Path/"), canonical_url("https://x.example/"), canonical_url("ACME.example")
    ('https://acme.example/Path', 'https://x.example', 'ACME.example')
    """
    if len(text) > LONGEST:
        return None
    absolute = _ABSOLUTE.fullmatch(text)
    if absolute is None:
        bare = _BARE.fullmatch(text)
        return text if bare and "." in bare[1].strip(".") and _HOST.fullmatch(bare[1]) else None
    scheme, user, host, rest = absolute[1].lower(), absolute[2], absolute[3].lower(), absolute[4] or ""
    if scheme in _SCRIPTS or not (_HOST.fullmatch(host) or _IPV6.fullmatch(host)):
        return None
    if rest.endswith("/") and "?" not in rest and "#" not in rest:
        rest = rest[:-1]
    return f"{scheme}://{user}{host}{rest}"


def clean_url(value: Json, path: str) -> str | None:
    text = clean_text(value, path)
    if text is None:
        return None
    url = canonical_url(text)
    if url is None:
        raise InvalidUrl(INVALID_URL, path=path)
    return url


def clean_links(value: Json, path: str) -> list[dict[str, str]] | None:
    """A list of `{label, url}` (or its JSON text); entries with neither are left out, unless they say else."""
    links = []
    for entry in clean_list(value, path) or []:
        if not isinstance(entry, dict) or (entry and not entry.keys() & {"label", "url"}):
            raise invalid_object(entry, path)
        label, url = clean_text(entry.get("label"), f"{path}.label"), clean_url(entry.get("url"), f"{path}.url")
        if label or url:
            links.append({"label": label or "", "url": url or ""})
    return links or None


def coerce_url(value: Json, operator: str, path: str) -> str:
    """A URL compares in its canonical form; what is no URL, and patterns, compare as given."""
    text = coerce_text(value, operator, path)
    return canonical_url(text) or text if operator in _CANONICAL_OPERATORS else text


def _primary_link(stored: Json) -> Json:
    """The primary link as an entry of the further ones."""
    label, url = stored.get("primaryLinkLabel"), stored.get("primaryLinkUrl")
    return {"label": label or "", "url": url or ""} if label or url else None


@register
class LinksType(CompositeType):
    """Stored: `{"primaryLinkLabel": str, "primaryLinkUrl": str, "secondaryLinks": [{"label", "url"}, …]}`.

    Without a primary link the first secondary one takes its place.
    """

    name = "LINKS"
    label = "Links"
    description = "A primary web address and further ones, each with a label."
    noun = "links"

    subfields = by_name(
        [
            text_part("primaryLinkLabel", "Primary Link Label"),
            text_part("primaryLinkUrl", "Primary Link URL", is_unique_part=True, clean=clean_url, coerce=coerce_url),
            json_part(
                "secondaryLinks",
                "Secondary Links",
                sql_type=ARRAY,
                clean=clean_links,
                json_schema={
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"label": {"type": "string"}, "url": {"type": "string"}},
                    },
                },
            ),
        ]
    )
    empty_subfields = ("primaryLinkUrl",)
    searchable = True
    image_identifier_capable = True

    graphql = "Links"
    graphql_filter = "LinksFilterInput"
    example = {
        "primaryLinkLabel": "Site",
        "primaryLinkUrl": "https://example.org",
        "secondaryLinks": [{"label": "Docs", "url": "https://docs.example.org"}],
    }
    samples = Samples(
        good=[
            (
                {"primaryLinkUrl": "HTTPS://ACME-Test.Example/Path/"},
                {"primaryLinkUrl": "https://acme-test.example/Path"},
            ),
            ({"primaryLinkUrl": "https://ACME.com/"}, {"primaryLinkUrl": "https://acme.com"}),
            ({"primaryLinkUrl": "acme2.example"}, {"primaryLinkUrl": "acme2.example"}),
            ({"primaryLinkUrl": "http://localhost:3000/?a=/"}, {"primaryLinkUrl": "http://localhost:3000/?a=/"}),
            (
                {"primaryLinkUrl": "", "secondaryLinks": [{"label": "A", "url": "https://a.example"}]},
                {"primaryLinkLabel": "A", "primaryLinkUrl": "https://a.example"},
            ),
            (
                {"secondaryLinks": [{"label": "", "url": ""}, {"url": "a.example"}, {"url": "b.example"}]},
                {"primaryLinkUrl": "a.example", "secondaryLinks": [{"label": "", "url": "b.example"}]},
            ),
            ({"secondaryLinks": []}, None),
            (None, None),
        ],
        bad=[
            ("https://a.example", "Invalid object value 'https://a.example' for field \"sample\""),
            ({"primaryLinkUrl": "not a url"}, INVALID_URL),
            ({"primaryLinkUrl": "javascript:alert(1)"}, INVALID_URL),
            ({"primaryLinkUrl": "javascript://x.example/%0aalert(1)"}, INVALID_URL),
            ({"primaryLinkUrl": "wat"}, INVALID_URL),
            ({"secondaryLinks": [{"url": "x y"}]}, INVALID_URL),
            (
                {"secondaryLinks": [{"href": "https://a.example"}]},
                "Invalid object value { href: 'https://a.example' } for field \"sample.secondaryLinks\"",
            ),
            ({"secondaryLinks": ["x"]}, "Invalid object value 'x' for field \"sample.secondaryLinks\""),
            ({"primaryLinkUrl": 1}, 'Invalid string value 1 for text field "sample.primaryLinkUrl"'),
            ({"foo": 1}, 'Invalid subfield foo for links field "sample"'),
        ],
        answers=[
            (
                {"primaryLinkUrl": "a.example", "secondaryLinks": [{"label": "", "url": "b.example"}]},
                {
                    "primaryLinkLabel": "",
                    "primaryLinkUrl": "a.example",
                    "secondaryLinks": [{"label": "", "url": "b.example"}],
                },
            ),
            (None, {"primaryLinkLabel": "", "primaryLinkUrl": "", "secondaryLinks": []}),
        ],
        operands={"primaryLinkUrl.eq": "HTTPS://A.example/", "secondaryLinks.like": "%b.example%"},
    )

    def merge(self, stored: Json, cleaned: Json, field: FieldSchema) -> Json:
        merged = super().merge(stored, cleaned, field)
        if not merged or "secondaryLinks" not in merged or {"primaryLinkUrl", "primaryLinkLabel"} & merged.keys():
            return merged
        first, *others = merged["secondaryLinks"]
        promoted = {
            "primaryLinkLabel": first.get("label"),
            "primaryLinkUrl": first.get("url"),
            "secondaryLinks": others,
        }
        return {key: part for key, part in promoted.items() if part}

    def plain(self, stored: Json) -> Json:
        links = [_primary_link(stored), *stored.get("secondaryLinks", [])]
        if any(link is None or link["label"] for link in links):
            return None  # nothing else keeps a label
        return links[0]["url"] if len(links) == 1 else [link["url"] for link in links]

    def convert(self, value: Json, field: FieldSchema) -> Json:
        if isinstance(value, str):
            value = [value.strip()]
        if isinstance(value, list) and value:
            value = {"primaryLinkUrl": value[0], "secondaryLinks": [{"label": "", "url": url} for url in value[1:]]}
        return super().convert(value, field)

    def combine(self, values: Sequence[Json]) -> Json:
        return self.combine_with_extra(
            values, "secondaryLinks", _primary_link, lambda link: link["url"] or link["label"]
        )

    def image_sql(self, field: FieldSchema) -> str | None:
        """The icon of the site: every browser asks for it under this name."""
        host = f"substring({self.sql(field, 'primaryLinkUrl').text} from '^(?:[a-z]+://)?(?:[^/?#@]*@)?([^/?#]+)')"
        return f"'https://' || {host} || '/favicon.ico'"

    search_paths = (
        "$.primaryLinkLabel",
        "$.primaryLinkUrl",
        "$.secondaryLinks[*].label",
        "$.secondaryLinks[*].url",
    )

    def search_texts(self, stored: Json) -> Iterable[str]:
        """Labels and URLs, also with the other spelling of an international domain."""
        links = [(stored.get("primaryLinkLabel"), stored.get("primaryLinkUrl"))]
        links += [(link.get("label"), link.get("url")) for link in stored.get("secondaryLinks", [])]
        for label, url in links:
            if label:
                yield label
            if url:
                yield url
                host = _DOMAIN.match(url)
                spelled = None if host is None else other_spelling(host[1])
                if host is not None and spelled is not None:
                    yield url[: host.start(1)] + spelled + url[host.end(1) :]
