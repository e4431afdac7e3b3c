"""Fields with hidden states against what they must equal, and on a task that needs the states."""

import itertools

import keras
import numpy as np
import pytest
from scipy.special import logsumexp, softmax
from sklearn.linear_model import LogisticRegression

import rmfn_tf
from rmfn_tf.data import Examples
from rmfn_tf.models import create_model
from rmfn_tf.models.hcrf import FromClasses, HiddenCRF
from rmfn_tf.task import Task
from rmfn_tf.training.predictions import predict
from support.sequences import assert_close
from support.weights import place_random_weights

LENGTHS = [4, 2, 1, 3]
MASK = np.arange(4) < np.array(LENGTHS)[:, None]


def views(*widths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(4, 4, width)).astype("float32") for width in widths]


def made(widths=(3,), **options) -> tuple[HiddenCRF, np.ndarray]:
    """A float64 layer with random weights, and its output."""
    layer = HiddenCRF(dtype="float64", **options)
    layer(views(*widths), mask=MASK)
    place_random_weights(layer)
    return layer, np.asarray(layer(views(*widths), mask=MASK))


def weight(layer: HiddenCRF, name: str) -> np.ndarray:
    (found,) = [each for each in layer.weights if each.name == name]
    return np.asarray(found)


def test_with_one_state_a_class_it_is_logistic_regression_on_summed_features() -> None:
    layer, logits = made(num_classes=3, num_states=1)
    kernel, bias = weight(layer, "kernel_0"), weight(layer, "bias_0")
    moves = weight(layer, "transitions_0")[:, 0, 0]
    for row, length in enumerate(LENGTHS):
        total = views(3)[0][row, :length].sum(axis=0)
        expected = total @ kernel + length * bias + (length - 1) * moves
        assert_close(logits[row, 0], expected, 1e-6)


def test_with_one_state_a_label_latent_dynamics_are_a_linear_chain() -> None:
    """Of which each step's label has the marginal of all paths of labels."""
    layer, log_p = made(num_classes=3, num_states=1, latent_dynamic=True, return_sequences=True)
    unary = views(3)[0] @ weight(layer, "kernel_0") + weight(layer, "bias_0")
    moves = weight(layer, "transitions_0")[0]
    for row, length in enumerate(LENGTHS):
        scores = {
            path: sum(unary[row, t, y] for t, y in enumerate(path))
            + sum(moves[a, b] for a, b in itertools.pairwise(path))
            for path in itertools.product(range(3), repeat=length)
        }
        total = logsumexp(list(scores.values()))
        for step, label in itertools.product(range(length), range(3)):
            there = [x for path, x in scores.items() if path[step] == label]
            assert_close(log_p[row, step, 0, label], logsumexp(there) - total, 1e-6)


def test_one_label_of_latent_dynamics_is_the_mean_of_its_probabilities() -> None:
    options = {"num_classes": 2, "num_states": 2, "latent_dynamic": True}
    every, each = made(return_sequences=True, **options)
    layer, pooled = made(**options)
    layer.set_weights(every.get_weights())
    for row, length in enumerate(LENGTHS):
        assert_close(np.exp(pooled[row]), np.exp(each[row, :length]).mean(axis=0), 1e-6)


@pytest.mark.parametrize("links", ["linked", "coupled", "both"])
@pytest.mark.parametrize("latent_dynamic", [False, True])
def test_views_without_links_are_independent_chains(links: str, latent_dynamic: bool) -> None:
    options = {"num_classes": 2, "num_states": 2, "latent_dynamic": latent_dynamic}
    layer, _ = made((3, 2), links=links, **options)
    joined = [each for each in layer.weights if each.name.startswith(("link", "coupling"))]
    assert len(joined) == {"linked": 1, "coupled": 2, "both": 3}[links]
    for each in joined:
        each.assign(np.zeros(each.shape))
    if latent_dynamic:  # the views share the label of each step: take away the moves between labels
        for m in (0, 1):
            moves = weight(layer, f"transitions_{m}").copy()
            moves[:, :2, 2:] = moves[:, 2:, :2] = -1e9
            (found,) = [x for x in layer.weights if x.name == f"transitions_{m}"]
            found.assign(moves)
    together = np.asarray(layer(views(3, 2), mask=MASK))
    alone = []
    for m, view in enumerate(views(3, 2)):
        # Chains within a class: what is left of latent dynamics too.
        single = HiddenCRF(2, 2, dtype="float64")
        single.build([view.shape])
        kernel, bias = weight(layer, f"kernel_{m}"), weight(layer, f"bias_{m}")
        moves = weight(layer, f"transitions_{m}")
        if latent_dynamic:
            moves = np.stack([moves[0, :2, :2], moves[0, 2:, 2:]])
        single.set_weights([kernel, bias, moves])
        alone.append(np.asarray(single([view], mask=MASK)))
    assert_close(softmax(together, axis=-1), softmax(sum(alone), axis=-1), 1e-6)


def test_links_and_coupling_by_every_path() -> None:
    layer, logits = made((3, 2), num_classes=2, num_states=2, links="both")
    x = views(3, 2)
    pairs = list(itertools.product(range(2), range(2)))
    for row, label in itertools.product(range(4), range(2)):
        own = slice(2 * label, 2 * label + 2)
        unary = [
            (x[m][row] @ weight(layer, f"kernel_{m}") + weight(layer, f"bias_{m}"))[:, own]
            for m in (0, 1)
        ]
        moves = [weight(layer, f"transitions_{m}")[label] for m in (0, 1)]
        link = weight(layer, "link_0_1")[label]
        across = [weight(layer, name)[label] for name in ("coupling_0_1", "coupling_1_0")]
        scores = []
        for path in itertools.product(pairs, repeat=LENGTHS[row]):
            score = sum(
                unary[0][t, a] + unary[1][t, b] + link[a, b] for t, (a, b) in enumerate(path)
            )
            for (a, b), (c, d) in itertools.pairwise(path):
                score += moves[0][a, c] + moves[1][b, d] + across[0][a, d] + across[1][b, c]
            scores.append(score)
        assert_close(logits[row, 0, label], logsumexp(scores), 1e-6)


def test_the_window_shows_the_steps_before() -> None:
    layer, logits = made(num_classes=2, num_states=2, window=2)
    x = views(3)[0]
    shifted = [np.pad(x, [(0, 0), (back, 0), (0, 0)])[:, :4] for back in range(3)]
    plain = HiddenCRF(2, 2, dtype="float64")
    wide = np.concatenate(shifted, axis=-1)
    plain.build([wide.shape])
    plain.set_weights(layer.get_weights())
    assert_close(logits, plain([wide], mask=MASK), 1e-6)


def test_too_many_joint_states_are_refused() -> None:
    with pytest.raises(ValueError, match="1000 joint states; at most 256"):
        create_model("mv_hcrf", features={"a": 1, "b": 1, "c": 1}, num_states=10)


def test_a_regression_is_the_expected_center_of_its_bins() -> None:
    layer = FromClasses("regression")
    logits = np.random.default_rng(0).normal(size=(5, 2, 4)).astype("float32")
    layer(logits)
    labels = np.random.default_rng(1).normal(size=(100, 2))
    layer.start_from(labels)
    centers = np.quantile(labels, [0.125, 0.375, 0.625, 0.875], axis=0)
    expected = np.einsum("nck,kc->nc", softmax(logits, axis=-1), centers)
    assert_close(layer(logits), expected, 1e-5)
    # It learns from the cross-entropy of the bin whose center is nearest.
    log_p = np.log(softmax(logits, axis=-1))
    nearest = np.abs(labels[:5, :, None] - centers.T).argmin(axis=-1)
    losses, _ = layer.losses_of(np.zeros(5, "float32"), np.ones(5), labels[:5], True)
    by_hand = [-np.mean([log_p[row, c, nearest[row, c]] for c in range(2)]) for row in range(5)]
    assert_close(losses, by_hand, 1e-5)


def orders(count: int, seed: int) -> Examples:
    """Two marks in a noise of other steps: the class is which of them comes first. Both are there
    once, so that nothing pooled over time can tell."""
    rng = np.random.default_rng(seed)
    features: dict[str, list] = {"a": [], "b": []}
    labels = rng.integers(0, 2, count)
    for label in labels:
        marks = np.zeros((5, 2), "float32")
        places = np.sort(rng.choice(5, 2, replace=False))
        marks[places, [label, 1 - label]] = 1
        for view in features.values():
            view.append(marks + rng.normal(scale=0.1, size=(5, 2)).astype("float32"))
    return Examples.from_arrays(features, labels)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ef_hcrf", "ef_ldhcrf", "mv_hcrf", "mv_ldhcrf"])
def test_hidden_states_remember(name: str) -> None:
    train, test = orders(128, 0), orders(128, 1)
    means = [np.array([x.mean(axis=0) for x in each.features["a"]]) for each in (train, test)]
    logistic = LogisticRegression().fit(means[0], train.labels)
    assert logistic.score(means[1], test.labels) < 0.65
    task = Task("classification", ("first",), num_classes=2)
    keras.utils.set_random_seed(0)
    model = create_model(name, features=train.widths, task=task, num_states=3)
    options = {"learning_rate": 0.1, "name": "adam"}
    rmfn_tf.fit(model, train, task=task, epochs=40, optimizer=options, verbose=0)
    accuracy = (predict(model, test).argmax(axis=1) == test.labels).mean()
    assert accuracy > 0.9
