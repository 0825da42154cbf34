"""What is kept of a request: facts about it, and nothing that anybody's records hold. Pure: no database.

Paths keep what names an API's parts and ids of records; queries keep the names of their parameters. Of headers only
KEPT_HEADERS are kept. Messages of errors quote what they complain of, so that is blanked out (`masked`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from config.http.rendering import dumps

APIS: Mapping[str, str | Promise] = {  # what a request was for → how people call it
    "rest": "REST",
    "graphql": "GraphQL",
    "metadata-rest": gettext_lazy("Data model REST"),
    "metadata-graphql": gettext_lazy("Data model GraphQL"),
    "documents": gettext_lazy("API documents"),
    "files": gettext_lazy("Files"),
    "pages": gettext_lazy("Settings pages"),
    "log": gettext_lazy("Activity log"),
}
BLANK = "…"  # stands where something was that is not kept
LONGEST = 500  # characters of a path with its query, of a message, of a header
LONGEST_SEGMENT = 64
PARAMETERS = 20
LARGEST_SEARCHED = 64 * 1024  # bytes of a body; of errors of larger ones no text is kept

# Headers that say how a client asks. Those with secrets (Authorization, Cookie), addresses of people's pages (Referer)
# and whatever a client makes up are not among them.
KEPT_HEADERS = (
    "Host",
    "User-Agent",
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Content-Type",
    "Content-Encoding",
    "Origin",
    "Prefer",
    "X-App-Version",
    "X-Schema-Version",
    "X-Locale",
    "X-Forwarded-Proto",
)
_META_NAMES = tuple(
    name if (name := each.upper().replace("-", "_")) == "CONTENT_TYPE" else f"HTTP_{name}" for each in KEPT_HEADERS
)

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_.$\[\]-]{0,63}")
_TOKEN = re.compile(r"eyJ[\w-]{8,}[\w.-]*|\S*(?:whsec_|Bearer\s)\S*")  # what looks like a secret, wherever it stands
_QUOTED = re.compile(r'"[^"]*"?|“[^”]*”?|`[^`]*`?|(?<!\w)\'(?:[^\']|(?<=\w)\'(?=\w))*\'?')
_WORD = re.compile(r"[\w@.+:/-]*[\w@]")
_WORDS = frozenset((  # of paths, wherever they stand
    "batch", "restore", "duplicates", "merge", "groupBy", "export", "import", "search", "history", "metadata",
    "objects", "fields", "apiKeys", "webhooks", "indexes", "workspace", "schema", "diff", "apply", "changeType",
    "me", "token", "tokens", "roll", "duplicate", "deliveries", "webhookDeliveries",
    "recover", "redeliver", "test", "acts", "rotateSecret",
    "revealSecret", "files", "open-api", "core", "openapi.json", "openapi.yaml", "files-field", "views",
    "viewFields", "viewFilters", "viewFilterGroups", "viewSorts", "viewGroups", "viewFieldGroups", "pageLayouts",
    "pageLayoutTabs", "pageLayoutWidgets",
))  # fmt: skip


_PLAIN = re.compile(  # the busiest paths, which are kept as they are
    r"/rest/(?!eyJ|metadata(?![^/])|apiKeys(?![^/])|webhooks(?![^/])|open-api)[A-Za-z_][\w-]{0,63}"
    r"(?:/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?",
    re.ASCII,
)
_METADATA = frozenset(("metadata", "apiKeys", "webhooks"))


def api_and_path(path: str, query: str) -> tuple[str | None, str]:
    """`api_of` and `path_of` at once."""
    if _PLAIN.fullmatch(path):
        return "rest", f"{path}?{_parameters(query)}" if query else path
    if path == "/graphql" and not query:
        return "graphql", path
    api = api_of(path)
    return api, path if api is None else path_of(path, query)


def api_of(path: str) -> str | None:
    """Of which API the path is; None for what is not logged by itself (static files, health)."""
    if path.startswith("/rest/"):
        first = path[6:].lstrip("/").partition("/")[0]
        if first in _METADATA:
            return "metadata-rest"
        return "documents" if first.startswith("open-api") else "rest"
    if path.startswith("/graphql"):
        return "graphql"
    if path.startswith("/metadata"):
        return "metadata-graphql"
    if path.startswith("/settings"):
        return "pages"
    if path.startswith("/file/"):
        return "files"
    return "documents" if path.startswith("/open-api") else None


def path_of(path: str, query: str) -> str:
    """The path without what nobody knows, and the names of the query's parameters.

    >>> path_of("/rest/people/ann@example.com", "filter=name[eq]:Ann&limit=3&Ann")
    '/rest/people/…?filter=…&limit=…&…'
    """
    named = 2  # so many segments hold names of ours or of the data model
    if path.startswith(("/rest/batch/", "/rest/restore/", "/settings/")):
        named = 12 if path[1] == "s" else 3
    kept = "/".join([_segment(each, place <= named) for place, each in enumerate(path.split("/", 12))])
    if query:
        kept = f"{kept}?{_parameters(query)}"
    return kept if len(kept) <= LONGEST else kept[:LONGEST] + BLANK


def _parameters(query: str) -> str:
    return "&".join(map(_parameter, query.split("&", PARAMETERS)[:PARAMETERS]))


def _segment(text: str, is_name: bool) -> str:
    """Names where they belong, ids and words that we know anywhere."""
    if not text or text in _WORDS or _ID.fullmatch(text) or (is_name and _NAME.fullmatch(text) and text[:3] != "eyJ"):
        return text
    return BLANK


@lru_cache(maxsize=1024)
def _parameter_name(text: str) -> str:
    name = unquote_to_bytes(text).decode("utf-8", "replace")
    return f"{name}={BLANK}" if _PARAMETER.fullmatch(name) and "eyJ" not in name else BLANK


def _parameter(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return _parameter_name(name) if equals and len(name) <= LONGEST_SEGMENT * 3 else BLANK


def headers_of(meta: Mapping[str, object]) -> str:
    """The kept headers as JSON, escaped for COPY. The same ones come again and again: each text is made once."""
    get = meta.get
    return _headers_text(tuple([get(name) for name in _META_NAMES]))


@lru_cache(maxsize=512)
def _headers_text(values: tuple[str | None, ...]) -> str:
    found = {name: secretless(value) for name, value in zip(KEPT_HEADERS, values, strict=True) if value}
    return escaped(dumps(found).decode())


NOTHING = "\\N"  # null, in the text format of COPY
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})


def escaped(text: str | None) -> str:
    """A value in the text format of COPY (PostgreSQL manual, COPY, "Text Format")."""
    return NOTHING if text is None else text.translate(_ESCAPES)


@lru_cache(maxsize=1024)
def escaped_name(text: str) -> str:
    """The same of what comes again and again: names of keys and members."""
    return escaped(text[:300])


def secretless(text: str) -> str:
    """A text that a client chose, cut, without what looks like a token."""
    text = str(text)[: LONGEST + 1].encode("utf-8", "replace").decode().replace("\0", "")
    text = _TOKEN.sub(BLANK, text)
    return text if len(text) <= LONGEST else text[:LONGEST] + BLANK


# Messages ----------------------------------------------------------------------------------------------


def masked(message: str, known: Collection[str], sent: bytes) -> str | None:
    """An error's text without what its request brought: quoted texts and words of `sent` are blanked out, but for
    names of the data model. None when too much was sent to look for.

    >>> masked('Unknown field "emial". Did you mean "email"?', {"email"}, b"{}")
    'Unknown field "…". Did you mean "email"?'
    >>> masked("Invalid date 2026-99-01 for birthday", {"birthday"}, b'{"birthday":"2026-99-01"}')
    'Invalid date … for birthday'
    """
    if len(sent) > LARGEST_SEARCHED:
        return None

    def quoted(match: re.Match[str]) -> str:
        text = match.group()
        return text if text.strip("\"“”`'") in known else f"{text[0]}{BLANK}{'”' if text[0] == '“' else text[0]}"

    def word(match: re.Match[str]) -> str:
        text = match.group()
        if text in known or (len(text) < 3 and text.isalpha()):
            return text
        return BLANK if "@" in text or _is_in(text, sent) else text

    return secretless(_WORD.sub(word, _QUOTED.sub(quoted, message)))


def _is_in(text: str, sent: bytes) -> bool:
    return text.encode("utf-8", "replace") in sent


def sent_by(query: str, body: bytes) -> bytes:
    """All that a request brought, with what is escaped in it also plain: what `masked` looks in."""
    if len(query) + len(body) > LARGEST_SEARCHED:
        return query.encode("utf-8", "replace") + body
    parts = [query.encode("utf-8", "replace"), body]
    if "%" in query or "+" in query:
        parts.append(unquote_to_bytes(query.replace("+", " ")))
    if b"\\u" in body:
        parts.append(re.sub(rb"\\u([0-9A-Fa-f]{4})", _unescaped, body))
    return b"\n".join(parts)


def _unescaped(match: re.Match[bytes]) -> bytes:
    return chr(int(match[1], 16)).encode("utf-8", "replace")
