"""Reading pickles: plain data and arrays come back as they were, whichever Python wrote them."""

import pickle
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.pickles.restricted_pickle import read_pickle
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
ARRAYS = hnp.arrays(
    NUMBERS | hnp.complex_number_dtypes(sizes=(64, 128)) | TEXTS,
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("pickles") / "x.pkl"


@given(value=VALUES, protocol=st.sampled_from(PROTOCOLS))
@settings(max_examples=200)
def test_plain_data(path, value, protocol):
    assert read_pickle(write_pickle(path, value, protocol)) == value


@given(array=ARRAYS, protocol=st.sampled_from(PROTOCOLS), in_columns=st.booleans())
@settings(max_examples=200)
def test_arrays(path, array, protocol, in_columns):
    assume(array.size or protocol > 2)  # for no bytes, 0 to 2 would call the type `bytes`
    array = np.asfortranarray(array) if in_columns else array
    read = read_pickle(write_pickle(path, [array, array], protocol))
    for copy in read:
        assert copy.dtype == array.dtype
        assert copy.shape == array.shape
        np.testing.assert_array_equal(copy, array)


@given(texts=hnp.arrays(object, hnp.array_shapes(max_dims=2), elements=st.text() | st.binary()))
@settings(max_examples=50)
def test_object_arrays_of_text(path, texts):
    read = read_pickle(write_pickle(path, texts))
    assert read.shape == texts.shape
    assert read.tolist() == texts.tolist()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "scalar", [np.float32(1.5), np.float64(-2), np.int64(7), np.str_("text"), np.bytes_(b"bytes")]
)
def test_scalars(path, scalar, protocol):
    read = read_pickle(write_pickle(path, {"a": scalar, "b": scalar}, protocol))
    assert read == {"a": scalar, "b": scalar}
    assert type(read["a"]) is type(scalar)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("make", [make_mmsa, make_mult, lambda: make_mult(emotions=4, ids=False)])
def test_data_of_the_published_form(path, make, protocol):
    expected = make()
    read = read_pickle(write_pickle(path, expected, protocol))
    assert {split: list(values) for split, values in read.items()} == {
        split: list(values) for split, values in expected.items()
    }
    for split, values in expected.items():
        for key, value in values.items():
            np.testing.assert_array_equal(read[split][key], value)
            assert type(read[split][key]) is type(value)


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
    read = read_pickle(path)
    np.testing.assert_array_equal(read.pop("a"), np.arange(3.0))
    assert read == {"t": "é", "s": {1}}


def test_an_escape_that_python_does_not_know(path):
    path.write_bytes(b"S'a\\q'\n.")
    assert read_pickle(path) == "a\\q"


def test_an_array_is_a_view_of_the_bytes_read(path):
    """A file of so many bytes takes about as many, not a multiple of them."""
    import tracemalloc

    write_pickle(path, {"a": np.zeros(2**20)})
    tracemalloc.start()
    try:
        array = read_pickle(path)["a"]
        assert tracemalloc.get_traced_memory()[1] < 1.5 * array.nbytes
    finally:
        tracemalloc.stop()


def test_something_that_is_no_file(tmp_path):
    for missing in (tmp_path / "none.pkl", tmp_path):
        with pytest.raises(SourceError, match="no such file"):
            read_pickle(missing)
