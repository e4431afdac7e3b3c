"""`--set name=value`: TOML values, or else plain words."""

import pytest

from rmfn_tf.cli.train import _parse


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
    assert _parse([text]) == {name: value}
    assert type(_parse([text])[name]) is type(value)


def test_the_last_one_counts():
    assert _parse(["units=2", "units=3", "dropout=0.5"]) == {"units": 3, "dropout": 0.5}
