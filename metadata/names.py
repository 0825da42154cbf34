"""Rules for the names and labels of objects and fields. Pure: what is taken is told by the caller.

Every function gives all broken rules at once, in the order they are documented in; an empty list means
that the name can be used.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final, Literal, NamedTuple
from uuid import UUID

from config.errors import InvalidMetadataInput, Problem, RuleCode
from config.texts import capitalised, is_blank

MAX_LENGTH = 63  # of a PostgreSQL identifier

INVALID_OBJECT_INPUT: Final = "INVALID_OBJECT_INPUT"
INVALID_FIELD_INPUT: Final = "INVALID_FIELD_INPUT"

_NAME = re.compile(r"[a-z][a-zA-Z0-9]*", re.ASCII)

_RESERVED_COUNTABLE = (
    "approvedAccessDomain", "appToken", "billingCustomer", "billingEntitlement", "billingMeter", "billingProduct",
    "billingSubscription", "billingSubscriptionItem", "featureFlag", "job", "keyValuePair", "pageLayout",
    "pageLayoutTab", "pageLayoutWidget", "postgresCredential", "twoFactorMethod", "user", "userWorkspace", "workspace",
    "role", "userWorkspaceRole", "plan", "event", "field", "link", "type", "object", "relation",
)  # fmt: skip
RESERVED = frozenset(
    {
        *_RESERVED_COUNTABLE,
        *(f"{name}s" for name in _RESERVED_COUNTABLE),
        "currency", "currencies", "fullNames", "address", "addresses", "index", "aggregate", "search", "searches",
        "connect", "create", "disconnect",
    }
)  # fmt: skip


class Party(NamedTuple):
    """Who claims a name: an object, or a field of it."""

    object_id: UUID
    field_id: UUID | None


class NameClash(NamedTuple):
    """A name that two claim in one space of the APIs; `other_party` is None where it is the system's."""

    name: str
    space: str  # "GraphQL type", "REST path" …
    owner: str  # `field "stage" of object "case"`
    other: str
    party: Party
    other_party: Party | None

    @property
    def message(self) -> str:
        return f'Name "{self.name}" ({self.space}) of {self.owner} is not available: {self.other} has it'

    @property
    def parties(self) -> frozenset[Party | None]:
        return frozenset((self.party, self.other_party))

    @property
    def turned(self) -> NameClash:
        """The same, told of the other one."""
        if self.other_party is None:
            return self
        return NameClash(self.name, self.space, self.other, self.owner, self.other_party, self.party)


# Names -----------------------------------------------------------------------------------------------


def name_problems(name: str, code: RuleCode) -> list[Problem]:
    """The rules that a name breaks by itself, whatever else the workspace has.

    >>> [each.message for each in name_problems("type", INVALID_FIELD_INPUT)]
    ['This name is reserved. Use a different name or the system will add "Custom" suffix.']
    """
    trimmed = name.strip()
    broken = []
    if len(trimmed) > MAX_LENGTH:
        broken.append("Name is too long")
    if len(trimmed) < 1:
        broken.append("Name is too short")
    if not _NAME.fullmatch(trimmed):
        broken.append("Name is not valid: it must start with lowercase letter and contain only alphanumeric letters")
    if trimmed in RESERVED:
        broken.append('This name is reserved. Use a different name or the system will add "Custom" suffix.')
    return [Problem(code, message, name) for message in broken]


def label_problems(label: str) -> list[Problem]:
    """The rules that an object's label breaks."""
    if len(label.strip()) > MAX_LENGTH:
        return [Problem(INVALID_OBJECT_INPUT, "Object label is too long", label)]
    if is_blank(label):
        return [Problem(INVALID_OBJECT_INPUT, "Object label is too short", label)]
    return []


def object_problems(
    singular: str,
    plural: str,
    label_singular: str,
    label_plural: str,
    *,
    is_label_synced: bool,
    taken: Collection[str],
) -> list[Problem]:
    """Every rule that an object's names and labels break; `taken` has the names, singular and plural, of all others."""
    singular, plural = singular.strip(), plural.strip()
    problems = name_problems(singular, INVALID_OBJECT_INPUT) + name_problems(plural, INVALID_OBJECT_INPUT)
    if singular == plural:
        message = "The singular and plural names cannot be the same for an object"
        problems.append(Problem(INVALID_OBJECT_INPUT, message, singular))
    problems += label_problems(label_singular) + label_problems(label_plural)
    if is_label_synced and not _are_synced(singular, plural, label_singular, label_plural):
        problems.append(Problem(INVALID_OBJECT_INPUT, "Names are not synced with labels"))
    if singular in taken or plural in taken:
        problems.append(
            Problem("OBJECT_ALREADY_EXISTS", "Object already exists", singular if singular in taken else plural)
        )
    return problems


def _are_synced(singular: str, plural: str, label_singular: str, label_plural: str) -> bool:
    try:
        return (singular, plural) == computed_object_names(label_singular, label_plural)
    except InvalidMetadataInput:
        return False


def field_problems(
    name: str,
    label: str,
    *,
    operation: Literal["create", "update"],
    is_label_synced: bool,
    taken: Collection[str],
    composite_columns: Collection[str],
) -> list[Problem]:
    """Every rule that a field's name breaks.

    `taken` has the names of the object's other fields and the id members of its relations (`companyId`);
    `composite_columns` what `composite_column` gives for every part of its composite fields.
    """
    name = name.strip()
    problems = name_problems(name, INVALID_FIELD_INPUT)
    if name in taken:
        problems.append(taken_problem(name))
    if name in composite_columns:
        problems.append(Problem("RESERVED_KEYWORD", f'Name "{name}" is reserved composite field name', name))
    if is_label_synced and not _is_synced(name, label):
        if operation == "create":
            problems.append(Problem("NAME_NOT_SYNCED_WITH_LABEL", "Name is not synced with label", name))
        else:
            problems.append(Problem("FIELD_MUTATION_NOT_ALLOWED", "Name is not synced with label.", name))
    return problems


def taken_problem(name: str) -> Problem:
    message = f'Name "{name}" is not available as it is already used by another field'
    return Problem("NOT_AVAILABLE", message, name)


def _is_synced(name: str, label: str) -> bool:
    try:
        return name == computed_name(label)
    except InvalidMetadataInput:
        return False


def composite_column(field_name: str, subfield: str) -> str:
    """How one part of a composite field is called in one word.

    >>> composite_column("address", "addressCity")
    'addressAddressCity'
    """
    return field_name + capitalised(subfield)


# Names computed from labels --------------------------------------------------------------------------

# Letters that Unicode does not decompose, and the two alphabets whose readers share ours most:
_LETTERS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i", "ĸ": "k",
    "ŋ": "n", "ŧ": "t",
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "к": "k", "л": "l",
    "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h", "ц": "c",
    "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "u", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "є": "ye", "і": "i",
    "ґ": "g", "ђ": "dj", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz", "ѕ": "dz",
    "α": "a", "β": "b", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
_WORD = re.compile(r"[a-z]+|\d+", re.ASCII)


def computed_name(label: str) -> str:
    """The name that a label stands for: its words in lower case, put into camel case, in ASCII.

    Reserved words get the suffix `Custom`. What is written in capitals is no word of its own: `LinkedIn` is one.

    Raises InvalidMetadataInput for a label of which nothing is left.

    >>> computed_name("Close date"), computed_name("3D model"), computed_name("Straße Nº 5"), computed_name("Type")
    ('closeDate', 'n3DModel', 'strasseNo5', 'typeCustom')
    >>> computed_name("LinkedIn Profile"), computed_name("reportTarget")
    ('linkedinProfile', 'reporttarget')
    """
    if label == "":
        return ""
    prefixed = f"n{label}" if label[0].isdigit() else label
    words = _WORD.findall(_transliterated(prefixed).lower())
    name = "".join(word if index == 0 else word.capitalize() for index, word in enumerate(words))
    if not name:
        raise InvalidMetadataInput(f'Invalid label: "{label}"', sub_code="INVALID_LABEL")
    return f"{name}Custom" if name in RESERVED else name


def computed_object_names(label_singular: str, label_plural: str) -> tuple[str, str]:
    """The singular and plural names of two labels; equal ones are told apart by an `s`.

    >>> computed_object_names("Sheep", "Sheep")
    ('sheep', 'sheeps')
    """
    singular, plural = computed_name(label_singular), computed_name(label_plural)
    if plural == singular:
        plural = f"{plural[: MAX_LENGTH - 1]}s"
    return singular, plural


def _transliterated(text: str) -> str:
    return "".join(_ascii(character) for character in text)


def _ascii(character: str) -> str:
    if character.isascii():
        return character
    letter = _LETTERS.get(character.lower())
    if letter is None:
        plain = unicodedata.normalize("NFKD", character)
        plain = "".join(each for each in plain if not unicodedata.combining(each))
        letter = "".join(each if each.isascii() else _LETTERS.get(each.lower(), " ") for each in plain)
        return letter
    return letter.capitalize() if character.isupper() else letter
