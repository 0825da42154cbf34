"""The file as YAML or JSON text, in both directions."""

from __future__ import annotations

import json
import re

import yaml

from config.errors import BodyTooLarge, MalformedBody, TooComplex
from config.http.bounds import MAX
from config.http.rendering import read_kept_json
from config.texts import refuse_nul
from metadata.snapshot.entries import Model

# libyaml's parser below Python's composer, which is where aliases are refused; four times as fast as Python's own.
_BASES: tuple[type, ...] = (yaml.SafeLoader,)
if yaml.__with_libyaml__:
    _BASES = (yaml.composer.Composer, yaml.CSafeLoader)


class _Loader(*_BASES):  # type: ignore[misc]
    """YAML as JSON has it: no aliases (they can multiply a small file), and a date stays a text."""

    def __init__(self, stream: object) -> None:
        _BASES[-1].__init__(self, stream)  # type: ignore[misc]
        yaml.composer.Composer.__init__(self)

    def compose_node(self, parent: object, index: object) -> object:
        if self.check_event(yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(None, None, "aliases are not read", self.peek_event().start_mark)
        return super().compose_node(parent, index)


_PLAIN = {  # the numbers of JSON; YAML's others (`190:20:30`) take the square of their length to read
    "tag:yaml.org,2002:int": re.compile(r"-?(?:0|[1-9][0-9]{0,17})"),
    "tag:yaml.org,2002:float": re.compile(
        r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,30}(?:[eE][-+]?[0-9]{1,2})?|[eE][-+]?[0-9]{1,2})"
    ),
}
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, re.compile(rf"(?:{_PLAIN[tag].pattern})\Z") if tag in _PLAIN else pattern)
        for tag, pattern in resolvers
        if tag != "tag:yaml.org,2002:timestamp"
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def schema_text(model: Model, format: str = "yaml") -> str:
    """A model as YAML or JSON text, always the same for the same model."""
    if format == "json":
        return json.dumps(model, ensure_ascii=False, indent=2) + "\n"
    return yaml.safe_dump(model, sort_keys=False, allow_unicode=True, width=110)


def schema_read(text: str | bytes) -> object:
    """What a YAML or JSON text holds. Raises MalformedBody with the place of the fault, BodyTooLarge, TooComplex."""
    body = text.encode() if isinstance(text, str) else text
    if body.lstrip()[:1] in (b"{", b"["):
        try:
            return read_kept_json(body)
        except MalformedBody:
            pass  # YAML has objects in braces too
    if len(body) > MAX.yaml_bytes:
        raise BodyTooLarge(f"A data model in YAML has at most {MAX.yaml_bytes} bytes", hint="Send it as JSON.")
    if sum(map(body.count, (b"\n", b",", b":", b"[", b"{"))) > MAX.yaml_nodes:
        raise TooComplex(f"A data model in YAML has at most {MAX.yaml_nodes} lines and values", hint="Send it as JSON.")
    try:
        model = yaml.load(body, Loader=_Loader)  # noqa: S506 - a SafeLoader
        json.dumps(model, default=str, ensure_ascii=False).encode()  # fails for what is no Unicode
        refuse_nul(model)
        return model
    except (yaml.YAMLError, RecursionError, ValueError) as fault:
        raise MalformedBody(f"The data model cannot be read: {fault}") from None
