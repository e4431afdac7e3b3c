"""Asking again, where that can do no harm."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from rmfn_tf.export.client.errors import ServingError

Answer = TypeVar("Answer")
FIRST_WAIT = 0.1  # seconds; doubled for each further one


def with_retries(
    attempt: Callable[[float], Answer],
    timeout: float,
    retries: int,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """`attempt(seconds left)`, again after a wait while the server is UNAVAILABLE.

    Asking twice is safe because every signature is a pure function of its request: `step` too,
    whose states travel in the request and are kept by no server. Any other failure would only
    come again (a bad request) or make things worse (a server that is too slow), so it is raised
    at once.

    Args:
        attempt: Asks once; gets the seconds that are left.
        timeout: Seconds for all attempts and the waits between them.
        retries: Attempts after the first, at most.
        sleep: For tests.

    Raises:
        ServingError: Of the last attempt.
    """
    deadline = time.monotonic() + timeout
    for number in range(retries + 1):
        try:
            return attempt(max(deadline - time.monotonic(), 0.001))
        except ServingError as error:
            # Clients that lost the same server must not all come back at the same moment.
            wait = FIRST_WAIT * 2**number * random.uniform(0.5, 1)
            late = time.monotonic() + wait >= deadline
            if error.code != "UNAVAILABLE" or number == retries or late:
                raise
        sleep(wait)
    raise AssertionError("unreachable: the last attempt returns or raises")
