"""The one thing that gRPC, REST and this process do differently."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

from rmfn_tf.export.client.interface import Signature


class Description(NamedTuple):
    """A version as its server describes it; `version` is None where it has no number."""

    version: int | None
    signatures: dict[str, Signature]


class Transport(Protocol):
    """Carries a request to a model and its answer back. Threads may share one.

    Attributes:
        where: The address or folder, for messages.
    """

    where: str

    def describe(self) -> Description:
        """The version that would answer now.

        Raises:
            ServingError: No answer.
        """

    def call(
        self, signature: str, inputs: Mapping[str, np.ndarray], version: int | None = None
    ) -> dict[str, np.ndarray]:
        """The outputs of `signature` by name, as they come: not checked, not trimmed.

        Args:
            signature: Its name.
            inputs: Every input by name.
            version: Asks this version, whatever the address says.

        Raises:
            ServingError: No answer, or the server refuses the request.
        """

    def close(self) -> None:
        """Give back what the connection holds."""
