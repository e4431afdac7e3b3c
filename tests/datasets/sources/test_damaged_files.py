"""Whatever bytes of a file are damaged, a reader gives its samples or a SourceError."""

import pickle
import pickletools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import support
from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.pickles.mmsa_pickle import ALIGNED, MmsaPickle
from rmfn_tf.datasets.sources.pickles.mult_pickle import IEMOCAP_EMOTIONS, MultPickle
from rmfn_tf.datasets.sources.pickles.pickled_names import PickledNames
from rmfn_tf.datasets.sources.pickles.restricted_pickle import read_pickle
from support.damage import damaged
from support.pickle_files import WIDTHS, make_mmsa, make_mult, write_pickle

SEEDED = settings(max_examples=150, derandomize=True)


@pytest.mark.slow
def test_hdf5():
    process = subprocess.run(
        [sys.executable, "-m", "support.damaged_hdf5", "700"],
        cwd=Path(support.__path__[0]).parent,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    examples, refused = map(int, process.stdout.split())
    assert examples == 700
    assert examples / 3 < refused < examples  # neither all whole nor all broken at the front


MMSA = MmsaPickle(WIDTHS)
MOSI = MultPickle("mosi", WIDTHS)
IEMOCAP = MultPickle("iemocap", WIDTHS, emotions=IEMOCAP_EMOTIONS)


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize(
    ("source", "name", "values"),
    [
        (MMSA, ALIGNED, make_mmsa()),
        (MOSI, MOSI.file_name, make_mult()),
        (IEMOCAP, IEMOCAP.file_name, make_mult(emotions=4, ids=False)),
    ],
    ids=["mmsa", "mosi", "iemocap"],
)
def test_pickles(tmp_path, source, name, values, protocol):
    path = write_pickle(tmp_path / name, {"test": values["test"]}, protocol)
    outcomes = {True: 0, False: 0}
    test_only = replace(source, splits=("test",))

    @SEEDED
    @given(damaged(path.read_bytes()))
    def read_damaged(data):
        path.write_bytes(data)
        try:
            samples = test_only.read({name: path}).splits["test"]
        except SourceError:
            samples = []
        outcomes[bool(samples)] += 1

    read_damaged()
    assert min(outcomes.values()) > 3


def encode(value):
    """The instructions that make a value, without what begins and ends a pickle."""
    return pickle.dumps(value, 2)[2:-1]


INSTRUCTIONS = [
    *(opcode.code.encode("latin-1") for opcode in pickletools.opcodes if opcode.arg is None),
    *(f"c{module}\n{name}\n".encode() for module, name in PickledNames(0).by_name),
    *(b"K\x00", b"K\x03", b"U\x01b", b"U\x02f8", b"U\x02O8", b"X\x06\x00\x00\x00latin1", b"h\x00"),
    *(b"q\x00", b"q\x01", b"h\x01", b"I01\n", b"F1.5\n", b"S'f8'\n", b"Vab\n", b"L7L\n", b"g0\n"),
    encode([("a", 1), {"b": 2.5}]),
    encode(make_mult()["test"]["id"]),
    encode(make_mult()["test"]["labels"]),
    encode(make_mmsa()["test"]["raw_text"]),
    encode((3, "<", None, None, None, -1, -1, 0)),
    encode((1, (2,), None, False, "x" * 16)),
]


@settings(SEEDED, max_examples=1000)
@given(st.lists(st.sampled_from(INSTRUCTIONS), min_size=1, max_size=30))
def test_instructions_in_any_order(tmp_path, instructions):
    path = tmp_path / "x.pkl"
    path.write_bytes(b"".join(instructions) + b".")
    try:
        read_pickle(path)
        message = f"{path}"
    except SourceError as error:
        message = str(error)
    assert message.startswith(str(path))
    assert "\n" not in message
