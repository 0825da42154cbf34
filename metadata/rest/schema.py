"""`/rest/metadata/schema`: the data model as a file, in YAML or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.errors import BadRequest
from config.http.rendering import JSONRenderer, LenientJSONParser, loads, read_body, read_kept_json
from config.http.rights import require
from config.principal import Principal
from metadata import snapshot

FLAG = "DATA_MODEL"
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_FORMATS = ("json", "yaml")


class YamlRenderer(BaseRenderer):
    media_type = "application/yaml"  # RFC 9512
    format = "yaml"
    charset = None  # the bytes are UTF-8 already

    def render(
        self, data: object, accepted_media_type: str | None = None, renderer_context: Mapping[str, object] | None = None
    ) -> bytes:
        plain = data if isinstance(data, dict) and data.keys() == {"version", "objects"} else loads(_json(data))
        return snapshot.schema_text(plain).encode()


def _json(data: object) -> bytes:
    return JSONRenderer().render(data)


class ModelJsonParser(LenientJSONParser):
    """A data model may be as large as any body."""

    def parse(
        self, stream: object, media_type: str | None = None, parser_context: Mapping[str, object] | None = None
    ) -> Any:
        body = read_body(stream)
        return read_kept_json(body) if body.strip() else {}


class YamlParser(BaseParser):
    """Reads YAML, and JSON with it, which is YAML too."""

    media_type = "application/yaml"

    def parse(
        self, stream: object, media_type: str | None = None, parser_context: Mapping[str, object] | None = None
    ) -> Any:
        return snapshot.schema_read(read_body(stream))


def _named(media_type: str) -> type[YamlParser]:
    return type("YamlParser", (YamlParser,), {"media_type": media_type})


class _Negotiation(DefaultContentNegotiation):
    """`?format=` before `Accept`; a format that there is none of is a bad request."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> object:
        format = request.query_params.get("format")
        accepted = request.META.get("HTTP_ACCEPT", "")
        if not format and any(f"/{word}" in accepted for word in ("x-yaml", "vnd.yaml")):
            format = "yaml"
        if not format:
            return super().select_renderer(request, renderers, format_suffix)
        for renderer in renderers:
            if renderer.format == format:
                return renderer, renderer.media_type
        raise BadRequest(f"format '{format}' is invalid. Should be one of: {', '.join(_FORMATS)}", path="format")


class SchemaView(APIView):
    """The data model by names, for version control: the same model is always the same text.

    A POST applies one: all of it, or nothing. `dryRun=true` says what would be done; steps that lose values
    need `allowDestructive=true`.
    """

    renderer_classes = [JSONRenderer, YamlRenderer]
    parser_classes = [YamlParser, _named("application/x-yaml"), _named("text/yaml"), ModelJsonParser]
    content_negotiation_class = _Negotiation

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        require(self.principal, FLAG)

    @property
    def principal(self) -> Principal:
        assert isinstance(self.request.auth, Principal)
        return self.request.auth

    def get(self, request: Request) -> Response:
        return Response(snapshot.schema_export(self.principal.workspace_id))

    def post(self, request: Request) -> Response:
        dry_run = _flag(request, "dryRun")
        outcome = snapshot.schema_apply(
            self.principal.workspace_id,
            request.data,
            dry_run=dry_run,
            allow_destructive=_flag(request, "allowDestructive"),
            permissions=self.principal.permissions,
        )
        return Response(
            {
                "dryRun": dry_run,
                "applied": outcome.is_applied,
                "metadataVersion": outcome.version,
                "steps": [each.as_json() for each in outcome.steps],
            }
        )


def _flag(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "false")
    if text not in _FLAGS:
        raise BadRequest(f"{name} '{text}' is invalid. Should be true or false", path=name)
    return _FLAGS[text]
