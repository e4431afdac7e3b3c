"""The client: sequences in, predictions out, wherever the model is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.export.client.in_process import InProcess
from rmfn_tf.export.client.interface import EXPLAIN, PREDICT, Interface, Transport
from rmfn_tf.export.client.network import open_transport
from rmfn_tf.export.client.sequences import Features, check_sequences, pad, plan_batches
from rmfn_tf.export.client.session import Session
from rmfn_tf.export.contract import LENGTHS

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
    """Asks one model. Threads may share a client, but not a session.

    Args:
        interface: The model and how it is reached; `connect` and `of_model` make it.
        batch_size: Sequences in one request, at most.
    """

    def __init__(self, interface: Interface, batch_size: int = 32) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more; got {batch_size}")
        self.interface, self._batch_size = interface, batch_size

    @classmethod
    def connect(
        cls,
        address: str | Path,
        *,
        timeout: float = 10.0,
        retries: int = 3,
        batch_size: int = 32,
    ) -> "Client":
        """Reach a model and learn what it takes.

        Args:
            address: `grpc://HOST:8500/MODEL`, `http://HOST:8501/v1/models/MODEL` (`grpcs://` and
                `https://` with TLS), each with `/versions/N` or `/labels/NAME` at the end to ask
                for one version; or an export folder, whose highest version is loaded here.
            timeout: Seconds for each call to a server, its retries included.
            retries: How often a call is repeated while no server answers.
            batch_size: Sequences in one request, at most.

        Raises:
            ValueError: No such address or folder, or another argument out of range.
            ServingError: The server or the model is not there.
            ImportError: gRPC without the extra `serving`.
        """
        transport: Transport
        if "://" in str(address):
            transport = open_transport(str(address), timeout, retries)
        else:
            transport = InProcess.load(Path(address))
        try:
            return cls(Interface.learn(transport), batch_size)
        except BaseException:
            transport.close()
            raise

    @classmethod
    def of_model(
        cls, model: Any, where: str, *, task: Any = None, batch_size: int = 32
    ) -> "Client":
        """Ask a Keras model itself, which answers as its export would.

        Args:
            model: A model that `rmfn_tf.export.export_model` would take; ValueError for others.
            where: What messages call it.
            task: What it was trained for (`rmfn_tf.task.Task`), with the names of the labels.
            batch_size: Sequences in one request, at most.
        """
        return cls(Interface.learn(InProcess.of_model(model, where, task)), batch_size)

    def predict(
        self, features: Features, *, on_progress: Progress | None = None
    ) -> np.ndarray | list[np.ndarray]:
        """The predictions for N sequences of any lengths, in their order.

        They are sorted by length, padded with zeros, sent in batches with their `lengths`, and the
        answers are put in the order of the sequences.

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
        return self._ask(PREDICT, features, on_progress).predictions

    def explain(self, features: Features, *, on_progress: Progress | None = None) -> Explanation:
        """The predictions for N sequences, with the attention that each word got.

        Arguments and errors as of `predict`.

        Raises:
            ValueError: Also where the model is not an RMFN with highlight.
        """
        return self._ask(EXPLAIN, features, on_progress)

    def session(self) -> Session:
        """Follow one speaker, or several at once, word by word.

        Raises:
            ValueError: The model is not an RMFN.
            ServingError: No answer.
        """
        return Session(self.interface)

    def close(self) -> None:
        """Close the connection, if there is one."""
        self.interface.transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def _ask(self, signature: str, features: Features, on_progress: Progress | None) -> Explanation:
        """The answers of a signature for each sequence, cut to its length."""
        interface = self.interface
        sequences = check_sequences(features, interface.modalities)
        plan = plan_batches(sequences, self._batch_size)
        version = None
        if len(plan) > 1:
            # One version answers all batches, even if another is published meanwhile.
            interface = Interface.learn(interface.transport)
            version = interface.version
        found: dict[int, dict[str, np.ndarray]] = {}
        for rows in plan:
            inputs = pad(sequences, rows)
            outputs = interface.ask(signature, inputs, version)
            for place, row in enumerate(rows):
                # An output with an axis of words may be padded, by a server further than here.
                found[row] = {
                    name: x[place, : inputs[LENGTHS][place]] if x.ndim > 2 else x[place]
                    for name, x in outputs.items()
                }
            if on_progress is not None:
                on_progress(len(found), sum(map(len, plan)))
        answers = [found[row] for row in sorted(found)]
        predictions = [each["prediction"] for each in answers]
        return Explanation(
            predictions if predictions[0].ndim > 1 else np.stack(predictions),
            {
                name: [each[f"attention_{name}"] for each in answers]
                for name in interface.modalities
                if f"attention_{name}" in answers[0]
            },
        )
