"""The field types by name: every module of this folder registers its own."""

from __future__ import annotations

from metadata.fieldtypes.contract import FieldType

_registry: dict[str, FieldType] = {}


def register(cls: type[FieldType]) -> type[FieldType]:
    """Class decorator: make one instance of the type known under its name and aliases."""
    instance = cls()
    for name in (cls.name, *cls.aliases):
        if name in _registry:
            raise ValueError(f"two field types are called {name}")
        _registry[name] = instance
    return cls


def field_type(name: str) -> FieldType:
    """The type with that name or alias; KeyError when there is none."""
    return _registry[name]


def field_types() -> tuple[FieldType, ...]:
    """Every type once, in alphabetical order of its name."""
    return tuple(sorted(set(_registry.values()), key=lambda each: each.name))


def is_field_type(name: object) -> bool:
    return isinstance(name, str) and name in _registry
