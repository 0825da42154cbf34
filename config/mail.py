"""Mail, where an operator named a server for it. It is sent after the answer, by a thread of each process.

So an answer waits for no mail server, and takes as long whether there was something to send or not. A mail that waits
when its process is killed is lost; whoever asked for it asks again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import lru_cache
from threading import BoundedSemaphore

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connections

logger = logging.getLogger(__name__)


def is_on() -> bool:
    """Whether mail is sent. Links in it begin with SERVER_URL: what a request says of its host proves nothing."""
    return bool(settings.EMAIL_HOST and settings.SERVER_URL)


def send(to: str, subject: str, text: str) -> None:
    """Send a mail now; a fault is told to the log, without the address. For work that is done `later`."""
    try:
        EmailMessage(" ".join(subject.split()), text, settings.DEFAULT_FROM_EMAIL, [to]).send()
    except OSError as fault:  # of the connection, and SMTPException
        logger.error("a mail could not be sent: %s", type(fault).__name__)


def later(work: Callable[[], None]) -> bool:
    """Have something done that may end in a mail; False when too much waits already, and nothing is done."""
    if not settings.MAIL_THREAD:
        work()
        return True
    if not _places().acquire(blocking=False):
        logger.error("a mail was not sent: %s wait already (MAIL_QUEUE)", settings.MAIL_QUEUE)
        return False
    _thread().submit(copy_context().run, _do, work)
    return True


def _do(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        logger.exception("what a mail is for could not be done")
    finally:
        connections.close_all()
        _places().release()


@lru_cache(maxsize=1)
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


@lru_cache(maxsize=1)
def _places() -> BoundedSemaphore:
    return BoundedSemaphore(settings.MAIL_QUEUE)
