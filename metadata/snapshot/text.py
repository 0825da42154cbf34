"""The file as YAML or JSON text, in both directions."""

from __future__ import annotations

import json
from typing import Any

import yaml

from config.errors import MalformedBody
from metadata.snapshot.entries import Model


class _Loader(yaml.SafeLoader):
    """YAML as JSON has it: no aliases (they can multiply a small file), and a date stays a text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(None, None, "aliases are not read", self.peek_event().start_mark)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def schema_text(model: Model, format: str = "yaml") -> str:
    """A model as YAML or JSON text, always the same for the same model."""
    if format == "json":
        return json.dumps(model, ensure_ascii=False, indent=2) + "\n"
    return yaml.safe_dump(model, sort_keys=False, allow_unicode=True, width=110)


def schema_read(text: str | bytes) -> Any:
    """What a YAML or JSON text holds. Raises MalformedBody with the place of the fault."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as fault:
        raise MalformedBody(f"The data model cannot be read: {fault}") from None
