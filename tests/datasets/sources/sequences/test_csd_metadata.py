"""The metadata of computational sequences, and the strings of variable length that hold them."""

import h5py
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.sources.sequences.csd import open_csd
from rmfn_tf.datasets.sources.sequences.csd_metadata import MAX_TEXT_BYTES
from support.csd_files import ROOT, make_videos, write_csd

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def read(path):
    with open_csd(path) as csd:
        return csd.metadata


@given(st.lists(TEXTS, min_size=1, max_size=8))
@example(["x" * 5000, "", "y" * 3])
@settings(max_examples=60)
def test_texts_come_back_as_hdf5_itself_reads_them(tmp_path_factory, texts):
    """Many strings share a heap, and a long one has a heap of its own."""
    fields = {f"field {number}": "= " + text for number, text in enumerate(texts)}
    path = write_csd(tmp_path_factory.mktemp("csd") / "x.csd", make_videos(1), metadata=fields)
    with h5py.File(path) as file:
        group = file[f"{ROOT}/metadata"]
        by_hdf5 = {name: group[name].asstr()[0] for name in group}
    assert read(path) == {**by_hdf5, "root name": ROOT}
    assert by_hdf5.items() >= fields.items()


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ('"CMU-MOSI"', "CMU-MOSI"),
        ('"a \\"b\\" \\u00e9"', 'a "b" é'),
        ("1.0", "1.0"),
        ("null", "null"),
        ('["a", "b"]', '["a", "b"]'),
        ('"never closed', '"never closed'),
        ("asdf", "asdf"),
        ("[" * 60_000, "[" * 60_000),
    ],
)
def test_json_strings_are_unquoted(tmp_path, stored, expected):
    path = write_csd(tmp_path / "x.csd", make_videos(1), metadata={"field": stored})
    assert read(path)["field"] == expected


def test_strings_of_a_fixed_length(tmp_path):
    path = write_csd(tmp_path / "x.csd", make_videos(1))
    with h5py.File(path, "r+") as file:
        file[f"{ROOT}/metadata/bytes"] = np.array([b"plain"], "S9")
        file[f"{ROOT}/metadata/scalar"] = np.bytes_(b'"quoted"')
    assert read(path) == {"root name": ROOT, "bytes": "plain", "scalar": "quoted"}


def test_a_file_without_metadata(tmp_path):
    path = write_csd(tmp_path / "x.csd", make_videos(1))
    with h5py.File(path, "r+") as file:
        del file[f"{ROOT}/metadata"]
    assert read(path) == {}


def number(group):
    group["odd"] = 1.0


def two_texts(group):
    group.create_dataset("odd", data=["a", "b"], dtype=h5py.string_dtype())


def a_group(group):
    group.create_group("odd")


def a_link(group):
    group["odd"] = h5py.SoftLink("root name")


def an_external_link(group):
    group["odd"] = h5py.ExternalLink("other.csd", "/x")


def in_chunks(group):
    group.create_dataset("odd", (1,), h5py.string_dtype(), chunks=(1,))[0] = "a"


def never_written(group):
    group.create_dataset("odd", (1,), h5py.string_dtype())


def too_long(group):
    group.create_dataset("odd", (1,), h5py.string_dtype())[0] = "x" * (MAX_TEXT_BYTES + 1)


def too_long_and_fixed(group):
    group["odd"] = np.bytes_(b"x" * (MAX_TEXT_BYTES + 1))


@pytest.mark.parametrize(
    "write",
    [
        number,
        two_texts,
        a_group,
        a_link,
        an_external_link,
        in_chunks,
        never_written,
        too_long,
        too_long_and_fixed,
    ],
)
def test_what_is_of_another_form_is_left_out(tmp_path, write):
    path = write_csd(tmp_path / "x.csd", make_videos(1))
    with h5py.File(path, "r+") as file:
        write(file[f"{ROOT}/metadata"])
    assert read(path) == {"root name": ROOT}


def test_no_more_fields_than_a_reader_can_want(tmp_path):
    path = write_csd(tmp_path / "x.csd", make_videos(1))
    with h5py.File(path, "r+") as file:
        for place in range(1000):
            file[f"{ROOT}/metadata/{place}"] = np.bytes_(b"x")
    assert len(read(path)) == 256


LENGTH, ADDRESS = -1, -2  # of the reference that the data set holds


@pytest.mark.parametrize(
    ("start", "value", "expected"),
    [
        (LENGTH, 2**32 - 1, None),
        (LENGTH, 4000, None),  # longer than the object in the heap
        (ADDRESS, 2**64 - 1, None),
        (ADDRESS, 2**40, None),
        (0, 0x4141414141414141, None),  # no heap
        (8, 2**40, None),  # a heap of a terabyte
        (8, 3, None),  # a heap smaller than its own header
        (24, 0, None),  # an object of no size, at which HDF5 would look for ever
        (24, 2**63, ROOT),  # an object of a size that cannot be: the string is there all the same
    ],
)
def test_a_heap_that_lies(tmp_path, start, value, expected):
    """HDF5 itself would allocate what is claimed, or never come back."""
    path = write_csd(tmp_path / "x.csd", make_videos(1))
    whole = bytearray(path.read_bytes())
    heap = whole.index(b"GCOL")
    reference = whole.index(heap.to_bytes(8, "little")) - 4
    place, size = {LENGTH: (reference, 4), ADDRESS: (reference + 4, 8)}.get(
        start, (heap + start, 8)
    )
    whole[place : place + size] = value.to_bytes(size, "little")
    path.write_bytes(whole)
    assert read(path).get("root name") == expected
