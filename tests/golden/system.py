"""One small solar system for all golden files: its ids are fixed, so that files can name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metadata.models import ObjectMetadata, Workspace
from tests.factories import Api, add_field, add_object, key_of, workspace_with

KINDS = [
    {"value": value, "label": value.capitalize(), "color": "blue", "position": place}
    for place, value in enumerate(("ROCK", "GAS", "ICE"))
]


def planet_id(number: int) -> str:
    return f"00000000-0000-4000-8000-0000000000a{number}"


def moon_id(number: int) -> str:
    return f"00000000-0000-4000-8000-0000000000b{number}"


PLANETS: Sequence[Mapping[str, Any]] = [
    {"id": planet_id(1), "name": "Earth", "code": "E", "kind": "ROCK", "radius": 6371, "firstSeen": None},
    {"id": planet_id(2), "name": "Jupiter", "code": "J", "kind": "GAS", "radius": 69911, "firstSeen": "1610-01-07"},
    {"id": planet_id(3), "name": "Neptune", "code": "N", "kind": "ICE", "radius": 24622, "firstSeen": "1846-09-23"},
    {"id": planet_id(4), "name": "éris", "code": "R", "radius": None, "firstSeen": "2005-01-05"},
]
MOONS: Sequence[Mapping[str, Any]] = [
    {"id": moon_id(1), "name": "Moon", "planetId": planet_id(1), "radius": 1737},
    {"id": moon_id(2), "name": "Io", "planetId": planet_id(2), "radius": 1822},
    {"id": moon_id(3), "name": "Europa", "planetId": planet_id(2), "radius": 1561},
    {"id": moon_id(4), "name": "Ganymede", "planetId": planet_id(2), "radius": 2634},
    {"id": moon_id(5), "name": "Stray", "planetId": None, "radius": None},
]


@dataclass(frozen=True, slots=True)
class SolarSystem:
    workspace: Workspace
    token: str
    objects: Sequence[ObjectMetadata]

    @property
    def api(self) -> Api:
        return Api(self.token)


def make_system() -> SolarSystem:
    workspace = workspace_with(name="Solar system")
    planet = add_object(
        workspace,
        "planet",
        "planets",
        [
            {"type": "TEXT", "name": "code", "isUnique": True},
            {"type": "SELECT", "name": "kind", "options": KINDS},
            {"type": "NUMBER", "name": "radius"},
            {"type": "DATE", "name": "firstSeen", "label": "First seen"},
            {"type": "CURRENCY", "name": "price"},
        ],
    )
    moon = add_object(workspace, "moon", "moons", [{"type": "NUMBER", "name": "radius"}])
    payload = {
        "type": "MANY_TO_ONE",
        "targetObjectMetadataId": str(planet.id),
        "targetFieldLabel": "Moons",
        "targetFieldIcon": "IconMoon",
    }
    add_field(workspace, moon, "RELATION", "planet", relationCreationPayload=payload)
    objects = list(ObjectMetadata.objects.filter(workspace=workspace))
    made = SolarSystem(workspace, key_of(workspace, name="Astronomer"), objects)
    for path, records in (("planets", PLANETS), ("moons", MOONS)):
        answer = made.api.post(f"/rest/batch/{path}", list(records))
        assert answer.status == 201, answer.body
    assert made.api.delete(f"/rest/planets/{planet_id(4)}?soft_delete=true").status == 200
    return made
