"""What can go wrong at the other end, in the same words for every way of asking."""

_MEANINGS = {
    "UNAVAILABLE": "no server answers at {where}: {detail}",
    "DEADLINE_EXCEEDED": "{where} gave no answer in time: {detail}. Allow more with timeout, or "
    "send less at once with batch_size",
    "NOT_FOUND": "{where} does not serve this model or version: {detail}",
    "INVALID_ARGUMENT": "{where} refuses the request: {detail}",
    "FAILED_PRECONDITION": "{where} refuses the request: {detail}",
    "RESOURCE_EXHAUSTED": "{where} takes no request of this size or at this rate: {detail}. Send "
    "less at once with batch_size",
    "UNIMPLEMENTED": "{where} is no prediction service of TensorFlow Serving: {detail}. Is this "
    "the right port (by default gRPC is on 8500, REST on 8501)?",
}


class ServingError(OSError):
    """The model did not answer, or its server refused the request.

    Attributes:
        code: What happened, by gRPC's name, over REST and in process too: UNAVAILABLE,
            DEADLINE_EXCEEDED, NOT_FOUND, INVALID_ARGUMENT, ...
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def serving_error(code: str, where: str, detail: str) -> ServingError:
    """The error of one line for a failure.

    Args:
        code: gRPC's name of it.
        where: The address that was asked.
        detail: What the other end, or the network, said.
    """
    meaning = _MEANINGS.get(code, f"{{where}} failed ({code}): {{detail}}")
    detail = " ".join(detail.split()).rstrip(".") or "no reason given"
    return ServingError(code, meaning.format(where=where, detail=detail))
