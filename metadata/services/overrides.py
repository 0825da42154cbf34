"""Labels and such of standard objects and fields: what a workspace puts in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.errors import InvalidInput
from metadata.models import Overridable

OVERRIDABLE_OBJECT = ("labelSingular", "labelPlural", "description", "icon", "color")
OVERRIDABLE_FIELD = ("label", "description", "icon")
_ORIGINALS: Mapping[str, str] = {"labelSingular": "label_singular", "labelPlural": "label_plural"}


def apply_overrides(item: Overridable, given: Mapping[str, Any], names: Sequence[str]) -> dict[str, object]:
    """Keep the overridable members of `given` on the item; answers the members that are left.

    The original value, and null, clear an override. Kept: every name with its text or null, so that
    clients see which are overridden; nothing at all once none is. Raises InvalidInput for translations that are
    no list of `{locale, property, value?}`.
    """
    _refuse_malformed(given.get("translations"))
    overrides: dict[str, object] = {name: (item.standard_overrides or {}).get(name) for name in names}
    translations = dict((item.standard_overrides or {}).get("translations") or {})
    for name in names:
        if name in given:
            original = getattr(item, _ORIGINALS.get(name, name))
            overrides[name] = None if given[name] == original else given[name]
    for each in given.get("translations") or ():
        texts = dict(translations.get(each["locale"]) or {})
        texts[each["property"]] = each.get("value")
        translations[each["locale"]] = {name: text for name, text in texts.items() if text is not None}
    if translations:
        overrides["translations"] = translations
    item.standard_overrides = overrides if any(value is not None for value in overrides.values()) else None
    return {name: value for name, value in given.items() if name not in names and name != "translations"}


def _refuse_malformed(translations: object) -> None:
    if not translations:
        return
    is_list = isinstance(translations, list) and all(
        isinstance(each, Mapping)
        and isinstance(each.get("locale"), str)
        and isinstance(each.get("property"), str)
        and isinstance(each.get("value"), str | None)
        for each in translations
    )
    if not is_list:
        raise InvalidInput(["translations must be a list of {locale, property, value}, all of them texts"])
