"""The client: sequences in, predictions out, wherever the model is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from rmfn_tf.data.examples import Examples
from rmfn_tf.export.client.batches import pad, plan_batches, trim
from rmfn_tf.export.client.connecting import connect
from rmfn_tf.export.client.errors import serving_error
from rmfn_tf.export.client.interface import EXPLAIN, PREDICT, STEP, Interface
from rmfn_tf.export.client.request_check import check_request
from rmfn_tf.export.client.sequences import NamedSequences, Sequences, check_sequences
from rmfn_tf.export.client.session import Session
from rmfn_tf.export.client.transport import Transport

Features = Mapping[str, Sequence[Any]] | Examples | NamedSequences
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Explanation:
    """Predictions, and what the network looked at to make them.

    Attributes:
        predictions: As `Client.predict` returns them.
        attention: Modality -> N arrays `(T_i, stages, d_m)` float32: how much each hidden
            coordinate was highlighted at each stage of each word. Over all modalities a stage
            sums to 1.
    """

    predictions: np.ndarray | list[np.ndarray]
    attention: dict[str, list[np.ndarray]]


class Client:
    """Asks one served model. Threads may share a client (not a session).

        with Client.connect("http://localhost:8501/v1/models/sarcasm") as client:
            client.predict({"language": [a, b], "acoustic": [c, d], "visual": [e, f]})

    Attributes:
        interface: The modalities, signatures and labels of the model.
    """

    def __init__(self, transport: Transport, interface: Interface, batch_size: int = 32) -> None:
        _check_batch_size(batch_size)
        self.interface = interface
        self._transport, self._batch_size = transport, batch_size

    @classmethod
    def connect(
        cls,
        address: str | Path,
        *,
        timeout: float = 10.0,
        retries: int = 3,
        batch_size: int = 32,
        contract: str | Path | None = None,
    ) -> "Client":
        """Reach a model and learn what it takes.

        Args:
            address: `grpc://HOST:8500/MODEL`, `http://HOST:8501/v1/models/MODEL` (`grpcs://` and
                `https://` with TLS), each with `/versions/N` or `/labels/NAME` behind it where one
                version is meant; or an export folder, whose highest version is loaded here.
            timeout: Seconds for each call to a server, its retries included.
            retries: How often a call is repeated while no server answers.
            batch_size: Sequences in one request, at most.
            contract: A version folder, for the order of modalities and the labels, which no server
                tells. An export folder that is loaded here has its own.

        Raises:
            ValueError: No such address, folder or contract.
            ServingError: The server or the model is not there.
            ImportError: gRPC without the extra `serving`.
        """
        _check_batch_size(batch_size)
        transport, interface = connect(address, timeout, retries, contract)
        return cls(transport, interface, batch_size)

    def predict(
        self, features: Features, *, on_progress: Progress | None = None
    ) -> np.ndarray | list[np.ndarray]:
        """The predictions for N sequences of any lengths, in their order.

        They are sorted by length, padded with zeros, sent in batches with their `lengths`, and
        what comes back is put in order again.

        Args:
            features: Modality -> N arrays `(T_i, F)` of numbers; or `rmfn_tf.data.Examples`, or
                what `read_sequences` gives. NaN and the infinities count as 0 after the model's
                scaling.
            on_progress: Called as `on_progress(done, total)` after each batch.

        Returns:
            `(N, outputs)` float32; of a model that answers after every word, N arrays
            `(T_i, outputs)`.

        Raises:
            ValueError: Names the sequence and the modality that cannot be sent, and why.
            ServingError: No answer.
        """
        sequences = check_sequences(features, self.interface.modalities)
        return _stack([each["prediction"] for each in self._ask(PREDICT, sequences, on_progress)])

    def explain(self, features: Features, *, on_progress: Progress | None = None) -> Explanation:
        """The predictions for N sequences, with the attention that each word got.

        Arguments and errors as of `predict`.

        Raises:
            ValueError: Also where the model is no RMFN with highlight.
        """
        self.interface.signature(EXPLAIN)
        sequences = check_sequences(features, self.interface.modalities)
        answers = self._ask(EXPLAIN, sequences, on_progress)
        return Explanation(
            _stack([each["prediction"] for each in answers]),
            {
                name: [each[f"attention_{name}"] for each in answers]
                for name in self.interface.modalities
            },
        )

    def session(self) -> Session:
        """Follow one speaker, or several at once, word by word.

        Raises:
            ValueError: The model is no RMFN.
            ServingError: No answer.
        """
        self.interface.signature(STEP)
        return Session(self._transport, self.interface)

    def request(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One request as it stands, checked against the signature and sent.

        Args:
            signature: "serving_default", "explain", "step".
            inputs: Every input by name, batched and padded.

        Returns:
            Every output by name, padded as it comes.

        Raises:
            ValueError: The signature does not take these inputs.
            ServingError: No answer.
        """
        wanted = self.interface.signature(signature)
        return self._transport.call(signature, check_request(signature, wanted, inputs))

    def close(self) -> None:
        """Give back what the connection holds."""
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(
        self, signature: str, sequences: Sequences, on_progress: Progress | None
    ) -> list[dict[str, np.ndarray]]:
        """The outputs for each sequence, trimmed to its length."""
        answers: list[dict[str, np.ndarray]] = [{} for _ in sequences.lengths]
        done = 0
        plan = list(plan_batches(sequences, self._batch_size))
        # All batches by one version, though another is published in the midst of them.
        version = self._transport.describe().version if len(plan) > 1 else None
        wanted = self.interface.signature(signature)
        for rows in plan:
            inputs = check_request(signature, wanted, pad(sequences, rows))
            outputs = self._transport.call(signature, inputs, version)
            for name, values in outputs.items():
                if len(values) != len(rows):
                    what = f"{name!r} for {len(values)} sequences instead of {len(rows)}"
                    raise serving_error("INTERNAL", self.interface.where, what)
            for place, row in enumerate(rows):
                answers[row] = trim(outputs, place, int(sequences.lengths[row]))
            done += len(rows)
            if on_progress is not None:
                on_progress(done, len(answers))
        return answers


def _check_batch_size(batch_size: int) -> None:
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more; got {batch_size}")


def _stack(predictions: list[np.ndarray]) -> np.ndarray | list[np.ndarray]:
    return predictions if predictions[0].ndim > 1 else np.stack(predictions)
