"""The comparison with the equations kills wrong models, among them the two public ports.

Each mutant is the real layer with one mistake patched in. It must fail the comparison that the
real layer passes; so this file measures the suite, not the layers.
"""

import numpy as np
import pytest

from support import reference
from support.equations import assert_equals_reference, make_fusion, make_rmfn, random_state
from support.mutants import MUTANTS, PUBLIC_PORTS
from support.reference import Settings
from support.sequences import FEATURES, assert_close, features, first, gapped_mask
from support.weights import weights_of


@pytest.fixture(scope="module")
def layer():
    return make_rmfn(return_sequences=True, return_state=True)


def compare(layer):
    """The comparison that `test_rmfn_equations.py` makes."""
    x = features(first(FEATURES, 3), time=3)
    assert_equals_reference(layer, Settings(), x, gapped_mask(3, 3), random_state(layer, 3))


def test_the_layer_itself_survives(layer):
    compare(layer)


@pytest.mark.parametrize("mutate", MUTANTS, ids=lambda mutate: mutate.__name__)
def test_a_mutant_is_killed(mutate, layer, monkeypatch):
    mutate(monkeypatch)
    with pytest.raises(AssertionError, match=r"off by|shape"):
        compare(layer)


def test_modalities_in_alphabetical_order_are_killed():
    """The same weights by name, the order of Keras' flattening instead of that of `units`."""
    right = make_rmfn()
    wrong = make_rmfn(units=dict(sorted(right.units.items())))
    by_path = {w.path.split("/", 1)[1]: w for w in right.weights}
    for weight in wrong.weights:
        weight.assign(by_path[weight.path.split("/", 1)[1]])
    x = features(first(FEATURES, 3))
    expected = reference.rmfn(x, weights_of(right)).last
    assert_close(right(x), expected, 1e-5)
    with pytest.raises(AssertionError, match="off by"):
        assert_close(wrong(x), expected, 1e-5)


@pytest.mark.parametrize("mutate", PUBLIC_PORTS, ids=lambda mutate: mutate.__name__)
def test_the_public_ports_fail_the_properties_too(mutate, monkeypatch):
    """Without any reference: z must depend on h, and two calls must give the same bits."""
    fusion = make_fusion(Settings(), 6)
    mutate(monkeypatch)
    h = np.random.default_rng(0).uniform(-1, 1, size=(2, 6)).astype("float32")
    one, again, other = (np.asarray(fusion(value)) for value in (h, h, -h))
    noisy = (one != again).any()
    deaf = (one == other).all()
    assert noisy or deaf


def test_the_fusion_itself_is_neither_noisy_nor_deaf():
    fusion = make_fusion(Settings(), 6)
    h = np.random.default_rng(0).uniform(-1, 1, size=(2, 6)).astype("float32")
    np.testing.assert_array_equal(fusion(h), fusion(h))
    assert np.abs(fusion(h) - fusion(-h)).max() > 1e-3
