"""What somebody may have meant by a name that is not known, within what one request may have compared."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

from config.http import bounds

LONGEST_COMPARED = 64  # characters of a name; longer ones are nobody's typing mistake
MOST_COMPARED = 1_000  # known names
SUGGESTIONS = 20  # of one request: comparing names takes a millisecond


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the closest known name.

    >>> nearest("emial", ["email", "name"])
    'Did you mean "email"?'
    """
    close = nearest_name(name, known)
    return None if close is None else f'Did you mean "{close}"?'


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The closest known name.

    >>> nearest_name("emial", ["email", "name"])
    'email'
    """
    if len(name) > LONGEST_COMPARED or not bounds.has_left("suggestions", SUGGESTIONS):
        return None
    close = get_close_matches(name, list(islice(known, MOST_COMPARED)), n=1, cutoff=0.6)
    return close[0] if close else None
