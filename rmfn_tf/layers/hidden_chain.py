"""Chains of hidden states in log space: sums over all paths, marginals, and the best path.

    score(path) = Σ_t unary[t, path_t] + Σ_t transitions[path_{t-1}, path_t]

Steps that the mask leaves out are skipped as if they were not there. C chains are computed side by
side. All functions take

    unary: `(batch, time, C, S)`, the score of each state at each step, at least float32
    transitions: `(C, S, S)`, from a state to the next
    mask: `(batch, time)` bool, true where a step is real

The recursion runs step after step, with S² operations each. An associative scan, with S³, takes 0.4
to 1.0 times as long for 4 states, and 6 times as long for 16 (benchmarks/chain_scan.py, two cores).
"""

from keras import ops


def messages(unary, transitions, mask, *, best=False, reverse=False):
    """`(batch, time, C, S)`: the log of the summed exp-scores (with `best` the largest score) of
    all paths up to each step that end there in each state; at skipped steps, of the step before.

    With `reverse` of all paths from each step to the end that begin there in each state.
    """
    reduce = ops.max if best else ops.logsumexp
    if reverse:
        transitions = ops.swapaxes(transitions, -1, -2)
    real = mask[:, :, None, None]
    unary = ops.where(real, unary, 0)  # padding may hold NaN
    flags = ops.broadcast_to(ops.cast(real, unary.dtype), ops.shape(unary[..., :1]))

    def step(carry, inputs):
        before, begun = carry
        real = inputs[..., -1:]
        moved = reduce(before[..., None] + transitions, axis=-2)
        after = inputs[..., :-1] + ops.where(begun > 0, moved, 0)
        carry = ops.where(real > 0, after, before), ops.maximum(begun, real)
        return carry, carry

    # One tensor: `scan` takes several only where the number of steps is known beforehand.
    by_time = ops.swapaxes(ops.concatenate([unary, flags], axis=-1), 0, 1)
    start = ops.zeros_like(unary[:, 0]), ops.zeros_like(flags[:, 0])
    _, (scores, _) = ops.scan(step, start, by_time, reverse=reverse)
    return ops.swapaxes(scores, 0, 1)


def log_marginals(unary, transitions, mask):
    """`(batch, time, C, S)`: log of the probability that a path, drawn with a probability
    proportional to its exp-score, is in each state at each step."""
    forward = messages(unary, transitions, mask)
    backward = messages(unary, transitions, mask, reverse=True)
    total = ops.logsumexp(forward[:, -1:], axis=-1, keepdims=True)
    return forward + backward - ops.where(mask[:, :, None, None], unary, 0) - total


def best_path(unary, transitions, mask):
    """`(batch, time, C)` int32: the states of the path with the highest score (Viterbi), from the
    best score of all paths through each state; of several such paths it may mix."""
    forward = messages(unary, transitions, mask, best=True)
    backward = messages(unary, transitions, mask, best=True, reverse=True)
    through = forward + backward - ops.where(mask[:, :, None, None], unary, 0)
    return ops.argmax(through, axis=-1)
