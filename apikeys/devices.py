"""What a User-Agent header says, in words that its owner recognises. Pure; what it claims is believed."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_lazy

# The first whose mark is in the header: browsers name those before them too.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", gettext_lazy("an iPhone")), ("iPad", gettext_lazy("an iPad")), ("Android", "Android"),
    ("Windows", "Windows"), ("CrOS", "ChromeOS"), ("Macintosh", gettext_lazy("a Mac")), ("Linux", "Linux"),
)  # fmt: skip


def device_of(user_agent: str) -> str:
    """
    >>> device_of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox on Linux'
    >>> device_of("curl/8.5.0"), device_of("")
    ('curl', 'An unknown program')
    """
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser is None:
        first = user_agent.split("/")[0].strip()
        browser = first[:40] if first and first.isprintable() and first != "Mozilla" else gettext("An unknown program")
    if system is None:
        return browser
    return gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system}
