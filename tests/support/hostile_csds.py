"""Computational sequences that are broken, or made to do harm: one function a file."""

import zlib
from pathlib import Path

import h5py
import numpy as np

from support.csd_files import ROOT, make_videos, write_csd

VIDEO = f"{ROOT}/data/video-1"


def _open(path: Path, videos: dict | None = None, **options) -> h5py.File:
    return h5py.File(write_csd(path, videos or make_videos(), **options), "r+")


def _replace(path: Path, name: str, **dataset) -> None:
    """A file whose `features` or `intervals` of one video are another data set."""
    with _open(path) as file:
        del file[f"{VIDEO}/{name}"]
        file.create_dataset(f"{VIDEO}/{name}", **dataset)


def empty(path):
    path.write_bytes(b"")


def not_hdf5(path):
    path.write_bytes(b"PK\x03\x04" + bytes(5000))


def cut_off(path):
    whole = write_csd(path, make_videos()).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def no_root(path):
    h5py.File(path, "w").close()


def two_roots(path):
    with _open(path) as file:
        file.create_group("another")


def root_is_an_array(path):
    with h5py.File(path, "w") as file:
        file["X_train"] = np.ones((3, 2))


def wrong_root(path):
    with h5py.File(path, "w") as file:
        file["model_weights/dense/kernel"] = np.ones((3, 2))


def root_is_a_link_to_itself(path):
    with h5py.File(path, "w") as file:
        file["root"] = h5py.SoftLink("/root")


def root_is_an_external_link(path):
    write_csd(path.with_name("other.csd"), make_videos())
    with h5py.File(path, "w") as file:
        file[ROOT] = h5py.ExternalLink("other.csd", ROOT)


def metadata_is_an_external_link(path):
    write_csd(path.with_name("other.csd"), make_videos())
    with _open(path) as file:
        del file[f"{ROOT}/metadata"]
        file[f"{ROOT}/metadata"] = h5py.ExternalLink("other.csd", f"{ROOT}/metadata")


def no_videos(path):
    with h5py.File(path, "w") as file:
        file.create_group(f"{ROOT}/data")


def data_is_an_array(path):
    with h5py.File(path, "w") as file:
        file[f"{ROOT}/data"] = np.ones((3, 2))


def video_is_an_array(path):
    with _open(path) as file:
        file[f"{ROOT}/data/video"] = np.ones((3, 2))


def video_is_a_link_loop(path):
    with _open(path) as file:
        file[f"{ROOT}/data/a"] = h5py.SoftLink(f"/{ROOT}/data/b")
        file[f"{ROOT}/data/b"] = h5py.SoftLink(f"/{ROOT}/data/a")


def video_is_the_root(path):
    with _open(path) as file:
        file[f"{ROOT}/data/again"] = file[ROOT]  # a hard link back up


def id_not_utf8(path):
    with _open(path) as file:
        file[f"{ROOT}/data"].id.move(b"video-1", b"vid\xe9o-1")


def id_twice(path):
    videos = make_videos()
    write_csd(path, {"video-1 ": videos["video-1"], "video-1": videos["video-2"]})


def id_of_blanks(path):
    write_csd(path, {"  ": make_videos()["video-1"]})


def id_very_long(path):
    write_csd(path, {"v" * 5000: make_videos()["video-1"]})


def too_many_keys(path):
    """Links only, all to one video: one more than are taken."""
    with _open(path) as file:
        data = file[f"{ROOT}/data"].id
        for number in range(100_001):
            data.link(b"video-1", b"%d" % number)


def one_video_many_times(path):
    with _open(path) as file:
        for number in range(50):
            file[f"{ROOT}/data/copy-{number}"] = file[VIDEO]


def one_array_many_times(path):
    with _open(path) as file:
        del file[f"{ROOT}/data/video-2/features"]
        file[f"{ROOT}/data/video-2/features"] = file[f"{VIDEO}/features"]


def no_features(path):
    with _open(path) as file:
        del file[f"{VIDEO}/features"]


def no_intervals(path):
    with _open(path) as file:
        del file[f"{VIDEO}/intervals"]


def features_are_a_group(path):
    with _open(path) as file:
        del file[f"{VIDEO}/features"]
        file.create_group(f"{VIDEO}/features")


def features_are_an_external_link(path):
    write_csd(path.with_name("other.csd"), make_videos())
    with _open(path) as file:
        del file[f"{VIDEO}/features"]
        file[f"{VIDEO}/features"] = h5py.ExternalLink("other.csd", f"{VIDEO}/features")


def features_are_stored_outside(path):
    raw = path.with_name("secret.bin")
    raw.write_bytes(bytes(60))
    _replace(path, "features", shape=(5, 3), dtype="f4", external=[(str(raw), 0, 60)])


def features_are_virtual(path):
    write_csd(path.with_name("other.csd"), make_videos())
    layout = h5py.VirtualLayout(shape=(5, 3), dtype="f4")
    layout[:] = h5py.VirtualSource(path.with_name("other.csd"), f"{VIDEO}/features", shape=(5, 3))
    with _open(path) as file:
        del file[f"{VIDEO}/features"]
        file[VIDEO].create_virtual_dataset("features", layout)


def features_are_objects(path):
    _replace(path, "features", shape=(5, 1), dtype=h5py.string_dtype(), data=[["a"]] * 5)


def features_are_lists_of_lists(path):
    """A type nested 2,000 deep, which would be followed all the way down."""
    nested = h5py.h5t.NATIVE_INT8
    for _ in range(2000):
        nested = h5py.h5t.vlen_create(nested)
    with _open(path) as file:
        del file[f"{VIDEO}/features"]
        space = h5py.h5s.create_simple((5, 1))
        h5py.h5d.create(file[VIDEO].id, b"features", nested, space)


def features_are_records(path):
    _replace(path, "features", data=np.zeros((5, 1), [("a", "f4"), ("b", "i4")]))


def features_are_one_number(path):
    _replace(path, "features", data=1.5)


def rows_do_not_match(path):
    _replace(path, "features", data=np.ones((4, 3)))


def intervals_of_three_columns(path):
    _replace(path, "intervals", data=np.ones((5, 3)))


def intervals_are_text(path):
    _replace(path, "intervals", data=np.full((5, 2), b"1.0"))


def intervals_are_nan(path):
    intervals = make_videos()["video-1"][1]
    intervals[2, 1] = np.nan
    _replace(path, "intervals", data=intervals)


def intervals_are_infinite(path):
    intervals = make_videos()["video-1"][1]
    intervals[3, 0] = -np.inf
    _replace(path, "intervals", data=intervals)


def shape_bomb(path):
    _replace(path, "features", shape=(2**40, 2**20), dtype="f4", chunks=(2, 2))


def zero_rows_of_a_shape_bomb(path):
    _replace(path, "features", shape=(0, 2**50), dtype="f4", maxshape=(None, 2**50), chunks=(1, 2))


def word_bomb(path):
    _replace(path, "features", shape=(5, 1), dtype=h5py.string_dtype(length=2**28), chunks=(1, 1))


def too_many_words(path):
    """Within the limit as bytes, and four times beyond it as text."""
    _replace(path, "features", shape=(2**22 + 1, 1), dtype="S64", chunks=(2**16, 1))


def chunk_bomb(path):
    _replace(
        path, "features", shape=(5, 3), dtype="f4", maxshape=(None, None), chunks=(2**15, 2**14)
    )


def pack_zeros(megabytes: int) -> bytes:
    """What zlib makes of so many megabytes of zeros, without packing each of them afresh."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 1
    for _ in range(megabytes):
        checksum = zlib.adler32(bytes(2**20), checksum)
    return b"\x78\x9c" + block * megabytes + b"\x03\x00" + checksum.to_bytes(4, "big")


def gzip_bomb(path):
    """A chunk of 1 MB that unpacks to 1 GB, whatever it was declared to hold."""
    packed = pack_zeros(2**10)
    with _open(path) as file:
        for name, columns in (("features", 2**18), ("intervals", 2)):
            del file[f"{VIDEO}/{name}"]
            dataset = file[VIDEO].create_dataset(
                name, (1, columns), "f4", chunks=(1, columns), compression="gzip"
            )
            dataset[:] = 1
            if name == "features":
                dataset.id.write_direct_chunk((0, 0), packed)


def chunk_that_holds_less(path):
    _replace(path, "features", shape=(5, 3), dtype="f4", chunks=(5, 3), compression="gzip")
    with h5py.File(path, "r+") as file:
        file[f"{VIDEO}/features"].id.write_direct_chunk((0, 0), zlib.compress(bytes(12)))


def packed_by_a_plugin(path):
    _replace(path, "features", data=np.ones((5, 3)), compression="lzf")


def partly_written(path):
    _replace(path, "features", shape=(500, 3), dtype="f4", chunks=(1, 3))
    with h5py.File(path, "r+") as file:
        file[f"{VIDEO}/features"][7] = 1


def never_written(path):
    _replace(path, "features", shape=(5, 3), dtype="f4", chunks=(5, 3))


def endless_free_list(path):
    """A group's heap of names whose first free block leads to itself: HDF5 would never return."""
    whole = bytearray(write_csd(path, make_videos()).read_bytes())
    place = whole.index(b"HEAP\0")
    first, address = (
        int.from_bytes(whole[place + start : place + start + 8], "little") for start in (16, 24)
    )
    whole[address + first : address + first + 8] = first.to_bytes(8, "little")
    path.write_bytes(whole)


def damaged_heap_of_links(path):
    """The newer kind of group. Listed in order of names, HDF5 would free what it never made."""
    features, intervals = make_videos()["video-1"]
    with h5py.File(path, "w", libver="latest") as file:
        for number in range(12):
            file[f"{ROOT}/data/{number}/features"] = features
            file[f"{ROOT}/data/{number}/intervals"] = intervals
    whole = bytearray(path.read_bytes())
    whole[whole.index(b"FHDB") + 30] ^= 255
    path.write_bytes(whole)


def addresses_of_4_bytes(path):
    plan = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    plan.set_sizes(4, 4)
    h5py.File(h5py.h5f.create(bytes(path), fcpl=plan)).create_group(ROOT).file.close()


def behind_512_other_bytes(path):
    h5py.File(path, "w", userblock_size=512).close()


def file_of_a_terabyte(path):
    write_csd(path, make_videos())
    with path.open("r+b") as stream:
        stream.truncate(2**40)  # takes no room: nothing is written


# Each with what its error says, and whether it shows up when the file is opened already.
CASES = [
    (empty, "not readable as HDF5", True),
    (not_hdf5, "not readable as HDF5", True),
    (cut_off, "not readable as HDF5", True),
    (no_root, "it holds nothing", True),
    (two_roots, "more than one root: 'CMU_MOSI_Small', 'another'", True),
    (root_is_an_array, "key 'X_train': a Dataset, not a group", True),
    (wrong_root, "key 'model_weights/data': no such key; it holds 'dense'", True),
    (root_is_a_link_to_itself, "a link to elsewhere", True),
    (root_is_an_external_link, "a link to elsewhere", True),
    (metadata_is_an_external_link, "metadata': a link to elsewhere", True),
    (no_videos, "data': no videos", True),
    (data_is_an_array, "data': a Dataset, not a group", True),
    (id_not_utf8, "a name that is not UTF-8", True),
    (id_twice, "the video 'video-1' twice", True),
    (id_of_blanks, "a video without an id", True),
    (id_very_long, "a name of 5,000 bytes", True),
    (too_many_keys, "more than 100,000 videos", True),
    (damaged_heap_of_links, "not readable as HDF5", True),
    (addresses_of_4_bytes, "it does not begin as such a file does", True),
    (behind_512_other_bytes, "it does not begin as such a file does", True),
    (file_of_a_terabyte, "1,099,511,627,776 bytes. No more than 34,359,738,368 are read", True),
    (endless_free_list, "a list of free blocks without an end", True),
    (video_is_an_array, "video': a Dataset, not a group", False),
    (video_is_a_link_loop, "a': a link to elsewhere", False),
    (video_is_the_root, "again/features': no such key", False),
    (one_video_many_times, "the same array as", False),
    (one_array_many_times, "video-2/features': the same array as", False),
    (no_features, "features': no such key; it holds 'intervals'", False),
    (no_intervals, "intervals': no such key; it holds 'features'", False),
    (features_are_a_group, "a Group, not an array", False),
    (features_are_an_external_link, "a link to elsewhere", False),
    (features_are_stored_outside, "stored in other files", False),
    (features_are_virtual, "stored in other files", False),
    (features_are_objects, "values of type string of variable length", False),
    (features_are_lists_of_lists, "values of type list of variable length", False),
    (features_are_records, "values of type compound", False),
    (features_are_one_number, r"shape \(\)", False),
    (rows_do_not_match, r"intervals': shape \(5, 2\)\. The features beside it have 4 rows", False),
    (intervals_of_three_columns, r"intervals': shape \(5, 3\)", False),
    (intervals_are_text, "intervals': values of type string", False),
    (intervals_are_nan, "not finite, the first in row 2", False),
    (intervals_are_infinite, "not finite, the first in row 3", False),
    (shape_bomb, "a declared size", False),
    (zero_rows_of_a_shape_bomb, "a declared size", False),
    (word_bomb, "a declared size", False),
    (too_many_words, "No more than 268,435,456 are read", False),
    (chunk_bomb, "a declared size", False),
    (gzip_bomb, "another number of bytes than the 1,048,576 declared", False),
    (chunk_that_holds_less, "another number of bytes than the 60 declared", False),
    (packed_by_a_plugin, r"packed by the filters \[32000\]", False),
    (partly_written, "500 chunks declared, and another number stored", False),
    (never_written, "no values were ever written", False),
]
