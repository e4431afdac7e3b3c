"""Times the two ways to sum over the paths of a hidden chain, with the gradient.

    .venv/bin/python benchmarks/chain_scan.py

`rmfn_tf.layers.hidden_chain.messages` goes step after step, with S² operations each. An
associative scan combines S x S matrices in about log2(T) rounds, with S³ operations a step. Both
are compiled by TensorFlow and take turns; a time is the median of `--repeats` calls. Prints a
Markdown table.
"""

import argparse
import statistics
import time

import numpy as np
import tensorflow as tf
from keras import ops

from rmfn_tf.layers.hidden_chain import messages

BATCH, CHAINS = 16, 2


def associative(unary, transitions, mask):
    """The last messages, for sequences without padding."""
    moves = transitions[None, None] + unary[..., None, :]
    first = ops.broadcast_to(unary[:, :1, :, None, :], ops.shape(moves[:, :1]))
    moves = ops.concatenate([first, moves[:, 1:]], axis=1)

    def combine(a, b):
        return ops.logsumexp(a[..., :, :, None] + b[..., None, :, :], axis=-2)

    return ops.associative_scan(combine, moves, axis=1)[..., 0, :]


def compiled(function):
    @tf.function
    def gradients(unary, transitions, mask):
        with tf.GradientTape() as tape:
            tape.watch([unary, transitions])
            total = ops.sum(ops.logsumexp(function(unary, transitions, mask)[:, -1], axis=-1))
        return total, tape.gradient(total, [unary, transitions])

    return gradients


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    ways = {"step by step": messages, "associative": associative}
    print("| steps | states | step by step | associative | ratio |")
    print("|---:|---:|---:|---:|---:|")
    rng = np.random.default_rng(0)
    for steps, states in ((20, 4), (20, 16), (100, 4), (100, 16), (1000, 4)):
        given = [
            tf.constant(rng.normal(size=shape), "float32")
            for shape in ((BATCH, steps, CHAINS, states), (CHAINS, states, states))
        ]
        calls = {name: compiled(function) for name, function in ways.items()}
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        totals = []
        for turn in range(options.repeats + 1):
            for name, call in calls.items():
                started = time.perf_counter()
                total, _ = call(*given, tf.ones((BATCH, steps), bool))
                if turn:  # the first call traces
                    seconds[name].append(time.perf_counter() - started)
                totals.append(float(total))
        np.testing.assert_allclose(totals, totals[0], rtol=1e-4)
        one, other = (1e3 * statistics.median(seconds[name]) for name in ways)
        print(f"| {steps} | {states} | {one:.1f} ms | {other:.1f} ms | {other / one:.1f} |")


if __name__ == "__main__":
    main()
