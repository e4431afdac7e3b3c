"""`--set name=value`: TOML values, or else plain words."""

import pytest

from rmfn_tf.cli.train import parse_settings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("num_stages=2", 2),
        ("dropout=0.25", 0.25),
        ("highlight=false", False),
        ("mode=zeros", "zeros"),
        ('mode="zeros"', "zeros"),
        ("units={language = 4, visual = 2}", {"language": 4, "visual": 2}),
        ("name=a=b", "a=b"),
    ],
)
def test_a_value(text, value):
    name = text.partition("=")[0]
    parsed = parse_settings([text], None)
    assert parsed == {"hyperparameters": {name: value}}
    assert type(parsed["hyperparameters"][name]) is type(value)


def test_the_last_one_counts():
    parsed = parse_settings(["units=2", "units=3", "dropout=0.5"], None)
    assert parsed == {"hyperparameters": {"units": 3, "dropout": 0.5}}


def test_settings_of_the_optimizer():
    parsed = parse_settings(["optimizer.name=sgd", "units=3"], 0.5)
    expected = {"learning_rate": 0.5, "name": "sgd"}
    assert parsed == {"hyperparameters": {"units": 3}, "optimizer": expected}
