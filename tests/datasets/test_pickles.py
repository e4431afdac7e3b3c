"""Pickles of plain data and arrays come back as they were, whichever Python wrote them."""

import pickle
import pickletools
import tracemalloc
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rmfn_tf.datasets.pickles import read_pickle
from rmfn_tf.datasets.source import SourceError
from support.pickle_files import make_mmsa, make_mult, write_pickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
KEYS = st.text(max_size=5) | st.binary(min_size=1, max_size=5) | st.integers(-(2**62), 2**62)
SCALARS = (
    KEYS
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
)
VALUES = st.recursive(
    SCALARS | st.sets(KEYS) | st.frozensets(KEYS),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4).map(OrderedDict)
    ),
    max_leaves=12,
)
NUMBERS = hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.floating_dtypes(sizes=(16, 32, 64))
TEXTS = hnp.unicode_string_dtypes(max_len=5) | hnp.byte_string_dtypes(max_len=5)
ARRAYS = hnp.arrays(NUMBERS | TEXTS, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("pickles") / "x.pkl"


@given(value=VALUES, protocol=st.sampled_from(PROTOCOLS))
def test_plain_data(path, value, protocol):
    assert read_pickle(write_pickle(path, value, protocol)) == value


@given(array=ARRAYS, protocol=st.sampled_from(PROTOCOLS), in_columns=st.booleans())
@settings(max_examples=200)
def test_arrays(path, array, protocol, in_columns):
    array = np.asfortranarray(array) if in_columns else array
    for copy in read_pickle(write_pickle(path, [array, (array, {"a": array})], protocol))[1]:
        copy = copy["a"] if isinstance(copy, dict) else copy
        assert copy.dtype == array.dtype
        np.testing.assert_array_equal(copy, array, strict=True)


@given(texts=hnp.arrays(object, hnp.array_shapes(max_dims=2), elements=st.text() | st.binary()))
@settings(max_examples=50)
def test_object_arrays_of_text(path, texts):
    found = read_pickle(write_pickle(path, texts))
    assert found.shape == texts.shape
    assert found.tolist() == texts.tolist()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "scalar", [np.float32(1.5), np.float64(-2), np.int64(7), np.str_("text"), np.bytes_(b"bytes")]
)
def test_scalars(path, scalar, protocol):
    found = read_pickle(write_pickle(path, [scalar, scalar], protocol))
    assert found == [scalar, scalar]
    assert type(found[0]) is type(scalar)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("make", [make_mmsa, make_mult, lambda: make_mult(emotions=4, ids=False)])
def test_data_of_the_published_form(path, make, protocol):
    expected = make()
    found = read_pickle(write_pickle(path, expected, protocol))
    assert {split: list(values) for split, values in found.items()} == {
        split: list(values) for split, values in expected.items()
    }
    for split, values in expected.items():
        for key, value in values.items():
            np.testing.assert_array_equal(found[split][key], value)
            assert type(found[split][key]) is type(value)


def test_what_is_there_twice_or_holds_itself(path):
    shared = {"a": np.arange(3)}
    ring = [shared, shared]
    ring.append(ring)
    found = read_pickle(write_pickle(path, ring))
    assert found[0] is found[1]
    assert found[2] is found
    np.testing.assert_array_equal(found[0]["a"], np.arange(3))


# {"a": numpy.arange(3.0), "t": "\xe9", "s": set([1])} in the form of Python 2.7 and NumPy 1.16.
OF_PYTHON_2 = {
    0: b"(dp0\nS'a'\np1\n"
    b"cnumpy.core.multiarray\n_reconstruct\np2\n"
    b"(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n"
    b"(I1\n(I3\ntp8\n"
    b"cnumpy\ndtype\np9\n(S'f8'\np10\nI0\nI1\ntp11\nRp12\n"
    b"(I3\nS'<'\np13\nNNNI-1\nI-1\nI0\ntp14\nb"
    b"I00\nS'" + rb"\x00" * 14 + rb"\xf0?" + rb"\x00" * 7 + b"@'\np15\ntp16\nb"
    b"sS't'\np17\nS'\\xe9'\np18\n"
    b"sS's'\np19\nc__builtin__\nset\np20\n((lp21\nI1\natp22\nRp23\ns.",
    2: b"\x80\x02}q\x00(U\x01aq\x01"
    b"cnumpy.core.multiarray\n_reconstruct\nq\x02"
    b"cnumpy\nndarray\nq\x03K\x00\x85q\x04U\x01bq\x05\x87q\x06Rq\x07"
    b"(K\x01K\x03\x85q\x08"
    b"cnumpy\ndtype\nq\tU\x02f8q\nK\x00K\x01\x87q\x0bRq\x0c"
    b"(K\x03U\x01<q\rNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0eb"
    b"\x89U\x18" + np.arange(3.0).tobytes() + b"q\x0ftq\x10b"
    b"U\x01tq\x11U\x01\xe9q\x12"
    b"U\x01sq\x13c__builtin__\nset\nq\x14]q\x15K\x01a\x85q\x16Rq\x17u.",
}


@pytest.mark.parametrize("protocol", OF_PYTHON_2)
def test_files_of_python_2(path, protocol):
    path.write_bytes(OF_PYTHON_2[protocol])
    found = read_pickle(path)
    np.testing.assert_array_equal(found.pop("a"), np.arange(3.0))
    assert found == {"t": "é", "s": {1}}


def test_an_escape_that_python_does_not_know(path):
    path.write_bytes(b"S'a\\q'\n.")
    assert read_pickle(path) == "a\\q"


def test_a_file_takes_no_multiple_of_its_size(path):
    write_pickle(path, {"a": np.zeros(2**20)})
    tracemalloc.start()
    try:
        array = read_pickle(path)["a"]
        assert tracemalloc.get_traced_memory()[1] < 1.5 * array.nbytes
    finally:
        tracemalloc.stop()


def test_what_is_no_file(tmp_path):
    for missing in (tmp_path / "none.pkl", tmp_path):
        with pytest.raises(SourceError, match=f"{missing}: not readable as a pickle"):
            read_pickle(missing)


def encode(value):
    """The instructions that make a value, without what begins and ends a pickle."""
    return pickle.dumps(value, 2)[2:-1]


ALLOWED = [
    *("numpy ndarray", "numpy dtype", "_codecs encode", "collections OrderedDict"),
    *("numpy.core.multiarray _reconstruct", "numpy._core.multiarray scalar"),
    *("numpy._core.numeric _frombuffer", "builtins bytes", "builtins set", "builtins complex"),
]
INSTRUCTIONS = [
    *(opcode.code.encode("latin-1") for opcode in pickletools.opcodes if opcode.arg is None),
    *(f"c{name}\n".replace(" ", "\n").encode() for name in ALLOWED),
    *(b"K\x00", b"K\x03", b"U\x01b", b"U\x02f8", b"U\x02O8", b"X\x06\x00\x00\x00latin1", b"h\x00"),
    *(b"q\x00", b"q\x01", b"h\x01", b"I01\n", b"F1.5\n", b"S'f8'\n", b"Vab\n", b"L7L\n", b"g0\n"),
    encode([("a", 1), {"b": 2.5}]),
    encode(make_mult()["test"]["id"]),
    encode(make_mmsa()["test"]["raw_text"]),
    encode((3, "<", None, None, None, -1, -1, 0)),
    encode((1, (2,), None, False, "x" * 16)),
]


@settings(max_examples=500, derandomize=True)
@given(st.lists(st.sampled_from(INSTRUCTIONS), min_size=1, max_size=30))
def test_allowed_names_in_any_order(path, instructions):
    """Whatever is built of them is plain data, or one line about the file."""
    path.write_bytes(b"".join(instructions) + b".")
    try:
        read_pickle(path)
        message = f"{path}"
    except SourceError as error:
        message = str(error)
    assert message.startswith(str(path))
    assert message.isprintable()
