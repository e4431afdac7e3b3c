"""Where a copy of the data differs from the papers' is found and said."""

import pytest

from rmfn_tf.comparison.published import protocol_for, published_for
from rmfn_tf.comparison.reproduce import data_differences
from rmfn_tf.datasets.registry import resolve
from rmfn_tf.models import list_models

DATA = ("cmu_mosi", "iemocap", "pom")


def splits(language=3, visual=3):
    """The report of a build; what is present in test is not looked at."""
    train = {"examples": 3, "present": {"language": language, "acoustic": 3, "visual": visual}}
    validation = {"examples": 1, "present": {m: min(n, 1) for m, n in train["present"].items()}}
    test = {"examples": 2, "present": dict.fromkeys(train["present"], 0)}
    return {"train": train, "validation": validation, "test": test}


def counts(here):
    return {"train": {"here": here, "published": 600}}


def test_a_copy_like_the_papers_has_no_difference():
    assert data_differences(counts(600), splits()) == []


def test_other_counts():
    assert data_differences(counts(599), splits()) == [
        "train has 599 examples; the papers have 600."
    ]


def test_a_modality_that_is_absent_or_in_part():
    found = data_differences(counts(600), splits(0, 2))
    assert len(found) == 2
    assert "language is absent in this copy (0 of 3 in train, 0 of 1 in validation)" in found[0]
    assert "visual is there for 2 of 3 in train, 1 of 1 in validation" in found[1]


@pytest.mark.parametrize("name", DATA)
def test_protocols_are_of_data_copies_and_models_that_exist(name):
    protocol = protocol_for(name)
    assert resolve(protocol.data).cls.name == protocol.data == name
    assert resolve(name).cls.PUBLISHED_COUNTS
    assert set(protocol.models) <= set(list_models())
    assert published_for(protocol.data) is not None
    assert set(protocol.copies) <= set(resolve(protocol.data).cls.builder_configs)


def test_no_protocol_of_that_name():
    with pytest.raises(ValueError, match="unknown reproduction 'mosi'"):
        protocol_for("mosi")
