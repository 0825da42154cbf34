"""Every kind of access there is, and what each must be answered: the one table the permission matrices are made of.

A matrix is rows (operations, each with what it needs) times the kinds below. What is expected is worked out
here, from what the kind has and the row needs, and never from the code that decides it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from django.utils import timezone

from apikeys.models import ApiKey
from apikeys.services.api_keys import apikey_create
from apikeys.services.roles import role_list
from apikeys.services.tokens import apikey_token
from metadata.models import ObjectMetadata
from tests.factories import principal_of
from tests.security.scene import ALL, READ, TOOLS, Caller, Scene, make_scene

DENIED = "Entity performing the request does not have permission"
Verb = Literal["read", "update", "soft_delete", "destroy"]
WRITES: tuple[Verb, ...] = ("update", "soft_delete", "destroy")


@dataclass(frozen=True, slots=True)
class Refusal:
    """How REST answers (status, error, message), and GraphQL (message, code)."""

    status: int
    error: str
    message: str
    graphql_code: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of access: refused whatever it asks (`refusal`), or what its role lets it do."""

    name: str
    refusal: Refusal | None = None
    verbs: frozenset[Verb] = frozenset()  # on all objects
    blind: frozenset[str] = frozenset()  # objects it may do nothing on
    unreadable: frozenset[str] = frozenset()  # fields, as `deal.code`
    locked: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    has_tools: bool = False  # every tool flag
    is_elsewhere: bool = False  # an Admin, of another workspace
    is_narrowed: bool = False  # a key of the role Admin, which has less than its role

    def may(self, verb: Verb, singular: str) -> bool:
        return singular not in self.blind and verb in self.verbs

    def has(self, flag: str) -> bool:
        return not self.flags.isdisjoint((flag, "*")) or (self.has_tools and flag in TOOL_FLAGS)


TOOL_FLAGS = frozenset({"IMPORT_CSV", "EXPORT_CSV", "UPLOAD_FILE", "DOWNLOAD_FILE"})
EVERY: frozenset[Verb] = frozenset({"read", *WRITES})
HIDDEN = frozenset({"deal.code", "deal.budget", "deal.memo", "deal.client", "deal.papers", "deal.createdBy"})
LOCKED = frozenset({"deal.code", "deal.budget", "deal.client", "deal.papers", "step.deal"})


def _gone(message: str) -> Refusal:
    return Refusal(403, "FORBIDDEN_EXCEPTION", message, "FORBIDDEN")


KINDS: Sequence[Kind] = (
    Kind("admin", verbs=EVERY, has_tools=True, flags=frozenset({"*"})),
    Kind("no key", refusal=Refusal(403, "FORBIDDEN_EXCEPTION", "Missing authentication token", "UNAUTHENTICATED")),
    Kind("no JWT", refusal=Refusal(401, "UNAUTHENTICATED", "No payload", "UNAUTHENTICATED")),
    Kind("other workspace's", is_elsewhere=True, verbs=EVERY, has_tools=True),
    Kind("expired", refusal=_gone("This API Key is expired")),
    Kind("revoked", refusal=_gone("This API Key is revoked")),
    Kind("paused", refusal=_gone("This API Key is paused")),
    Kind("replaced", refusal=_gone("This token was replaced by a newer one")),
    Kind("without a role", refusal=Refusal(403, "API_KEY_ROLE_NOT_FOUND", "API key has no role assigned", "FORBIDDEN")),
    Kind("reader", verbs=frozenset({"read"}), has_tools=True),
    Kind("blind to vaults", verbs=EVERY, has_tools=True, blind=frozenset({"vault"})),
    Kind("blind to fields", verbs=EVERY, has_tools=True, unreadable=HIDDEN),
    Kind("locked fields", verbs=EVERY, has_tools=True, locked=LOCKED),
    Kind("no rights"),
    Kind("only DATA_MODEL", flags=frozenset({"DATA_MODEL"})),
    Kind("only ROLES", flags=frozenset({"ROLES"})),
    Kind("only API_KEYS_AND_WEBHOOKS", flags=frozenset({"API_KEYS_AND_WEBHOOKS"})),
    Kind("only WORKSPACE_MEMBERS", flags=frozenset({"WORKSPACE_MEMBERS"})),
    Kind("only IMPORT_CSV", flags=frozenset({"IMPORT_CSV"})),
    Kind("read-only key", is_narrowed=True, verbs=frozenset({"read"}), flags=frozenset({"EXPORT_CSV", "DOWNLOAD_FILE"})),
    Kind("key without vaults", is_narrowed=True, verbs=EVERY, has_tools=True, blind=frozenset({"vault"})),
)  # fmt: skip


def callers(scene: Scene, other: Scene, kinds: Sequence[Kind] = KINDS) -> dict[str, Caller]:
    """A client of each kind; roles and keys are made for it."""
    return {kind.name: _caller(scene, other, kind) for kind in kinds}


def _caller(scene: Scene, other: Scene, kind: Kind) -> Caller:
    if kind.name == "admin":
        return scene.admin
    if kind.name == "no key":
        return Caller(None)
    if kind.name == "no JWT":
        return Caller("abc")
    if kind.is_elsewhere:
        return other.admin
    if kind.refusal is not None:
        return Caller(_spoilt_token(scene, kind.name))
    if kind.is_narrowed:
        return Caller(_narrowed_token(scene, kind))
    rights = {frozenset({"read"}): READ, EVERY: ALL}.get(kind.verbs, ())
    scene.role(
        kind.name,
        rights=[*(each for each in rights if each not in TOOLS), *(TOOLS if kind.has_tools else ())],
        flags=sorted(kind.flags),
        blind=sorted(kind.blind),
        unreadable=sorted(kind.unreadable),
        locked=sorted(kind.locked),
    )
    return scene.caller(kind.name)


def _narrowed_token(scene: Scene, kind: Kind) -> str:
    system = principal_of(scene.workspace)
    role_id = next(each.id for each in role_list(system) if each.label == "Admin")
    reached = ObjectMetadata.objects.filter(workspace_id=scene.workspace.id).exclude(name_singular__in=kind.blind)
    more = {
        "isReadOnly": kind.verbs == {"read"},
        "objectMetadataIds": [str(each.id) for each in reached] if kind.blind else None,
    }
    key = apikey_create(system, name=kind.name, expires_at=None, role_id=role_id, more=more)
    return apikey_token(system, key_id=key.id).token


def _spoilt_token(scene: Scene, name: str) -> str:
    system = principal_of(scene.workspace)
    role_id = next(each.id for each in role_list(system) if each.label == "Admin")
    key = apikey_create(system, name=name, expires_at=None, role_id=role_id)
    token = apikey_token(system, key_id=key.id).token
    now = timezone.now()
    changed: dict[str, Any] = {
        "expired": {"expires_at": now - timedelta(hours=1)},
        "revoked": {"revoked_at": now},
        "paused": {"enabled": False},
        "replaced": {"generation": 5},
        "without a role": {"role_id": None},
    }[name]
    ApiKey.objects.filter(id=key.id).update(**changed)
    return token


@dataclass(frozen=True, slots=True)
class Needs:
    """What an operation asks for, in the order in which it is asked."""

    verbs: Sequence[tuple[Verb, str]] = ()
    flags: Sequence[str] = ()
    reads: Sequence[str] = ()  # fields
    writes: Sequence[str] = ()


def refusal_of(kind: Kind, needs: Needs) -> str | None:
    """The message a role that falls short is refused with; None when nothing is missing."""
    if any(not kind.may(verb, singular) for verb, singular in needs.verbs):
        return DENIED
    if any(not kind.has(flag) for flag in needs.flags):
        return DENIED
    for path in needs.reads:
        if path in kind.unreadable:
            return _about("read", path)
    for path in needs.writes:
        if path in kind.locked:
            return _about("write", path)
    return None


def sees(kind: Kind) -> set[str]:
    """The objects, and the fields of those that are hidden from some, whose records and values it may read."""
    if kind.refusal is not None or kind.is_elsewhere:
        return set()
    objects = {each for each in ("client", "deal", "vault", "step") if kind.may("read", each)}
    return objects | {each for each in HIDDEN if each.split(".")[0] in objects and each not in kind.unreadable}


def _about(act: str, path: str) -> str:
    singular, name = path.split(".")
    return f'{DENIED}: no permission to {act} field "{name}" on "{singular}"'


@dataclass(frozen=True, slots=True)
class World:
    """What a matrix is asked of: the scene, one of another workspace with the same data model, a client of every kind.

    `made`: what stands for names in requests. `marks`: what must be seen for each text to be seen (`marks.hidden`).
    """

    scene: Scene
    other: Scene
    callers: Mapping[str, Caller]
    made: Mapping[str, str]
    marks: Mapping[str, Sequence[str]]
    marks_elsewhere: Sequence[str]


Fill = Callable[[Scene, str, int], tuple[Mapping[str, str], Mapping[str, Sequence[str]]]]


def make_world(fill: Fill, kinds: Sequence[Kind] = KINDS) -> World:
    """`fill(scene, sign, number)` gives (`made`, `marks`); its texts begin with the sign, its numbers with the number."""
    scene, other = make_scene("Here"), make_scene("Elsewhere")
    clients = callers(scene, other, kinds)
    made, marks = fill(scene, "zq", 731_905)
    assert not [
        (one, more) for one in marks for more in marks if one in more and not set(marks[one]).issubset(marks[more])
    ], "a mark that is found in another has to be seen by all who see that"
    _, elsewhere = fill(other, "qx", 842_906)
    return World(scene, other, clients, made, marks, [each for each in elsewhere if each not in marks])
