"""Files that are broken, or made to do harm, a few for each danger; and good ones to damage.

Where one would run something, that would make the file MARKER beside it.
"""

import hashlib
import io
import os
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
from numpy._core.multiarray import _reconstruct

from rmfn_tf.datasets.csd import open_csd
from rmfn_tf.datasets.custom.source import DataDescription, OwnData
from rmfn_tf.datasets.mmsa_mult import AlignedPickle
from rmfn_tf.datasets.source import Sample, SourceError
from support.csd_files import ROOT, make_videos, make_words, write_csd
from support.damage import damage
from support.pickle_files import WIDTHS, make_mmsa, write_pickle

MARKER = "it_ran"
VIDEO = f"{ROOT}/data/video-1"
Case = tuple[Callable[[Path], Any], str]  # writes the file; what its error says, as a pattern


def read(path: Path, report: Any) -> str:
    """A digest of all that a file holds, by the reader for its suffix."""
    report(path)
    digest = hashlib.sha256()
    if path.suffix == ".csd":
        with open_csd(path) as csd:
            for video in csd.ids:
                recording = csd.read(video)
                digest.update(recording.features.tobytes() + recording.intervals.tobytes())
        return digest.hexdigest()
    if path.suffix == ".pkl":
        samples = AlignedPickle(path.name, WIDTHS, "regression_labels", ids_name_videos=True)
        items = samples.read({path.name: path}, report)
    else:
        task = {"kind": "regression", "columns": ["y"]}
        values = {"name": "x", "modalities": ["visual"], "task": task}
        items = OwnData(DataDescription.model_validate(values)).read({path.name: path}, report)
    for item in items:
        split, sample = cast(tuple[str, Sample], item)
        digest.update(f"{split} {sample.id} {sample.video_id} {sample.label}".encode())
        digest.update(b"".join(rows.tobytes() for rows in sample.features.values()))
    return digest.hexdigest()


def write_good(path: Path) -> Path:
    if path.suffix == ".csd":
        videos = make_videos()
        videos["video-0"] = make_words(videos)["video-0"]
        return write_csd(path, videos, compression="gzip", fletcher32=True)
    if path.suffix == ".pkl":
        return write_pickle(path, make_mmsa())
    np.savez(path, **good_arrays())
    return path


def read_damaged(path: Path, whole: bytes, seeds: list[int], report: Any) -> Iterator[str]:
    """For each seed, damages the file and yields a digest of it, or the error's message."""
    for seed in seeds:
        path.write_bytes(damage(whole, random.Random(seed)))
        report(path)
        try:
            yield read(path, lambda *_: None)
        except SourceError as error:
            yield str(error)


class Calls:
    """Pickles as a call of `function(*arguments)`, and as a state for what it returns."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.reduced = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> tuple:
        return self.reduced


def _array(*state: Any) -> Calls:
    return Calls(_reconstruct, np.ndarray, (0,), b"b", state=(1, *state))


def _runs(path: Path) -> Calls:
    return Calls(os.mkdir, str(path.with_name(MARKER)))


def _pickled(value: Any) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(pickle.dumps(value(path) if callable(value) else value, 2))


def _bytes(content: bytes) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(content)


HIDDEN = Calls(np.dtype, "V8", state=(3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 0))
LONG = (2**60).to_bytes(8, "little")
PICKLES: dict[str, Case] = {
    "a call": (_pickled(_runs), r"refused: it asks for posix\.mkdir"),
    "a call, as Python 2 wrote it": (
        lambda path: path.write_bytes(
            b"(S'" + bytes(path.with_name(MARKER)) + b"'\niposix\nmkdir\n."
        ),
        r"refused: it asks for posix\.mkdir",
    ),
    "a name behind one that is allowed": (
        _bytes(b"\x80\x04\x8c\x05numpy\x8c\x0ef2py.os.system\x93."),
        r"refused: it asks for numpy\.f2py\.os\.system",
    ),
    "an unprintable name": (
        _bytes("cbuiltins\neval\x1b[31m\u202e\n.".encode()),
        r"asks for builtins\.eval\\x1b\[31m\\u202e",
    ),
    "data from outside": (
        _bytes(b"Pfile:///etc/passwd\n."),
        "as a pickle.*persistent id",
    ),
    "objects in an array": (_pickled(np.array([1, "a", None], object)), "anything but text"),
    "records that hide objects": (
        _pickled(_array((1,), HIDDEN, False, struct.pack("<q", 0x4141414141414141))),
        "an array of type V8",
    ),
    "an array shorter than it says": (
        _pickled(_array((1000, 1000), np.dtype("f8"), False, bytes(80))),
        r"shape \(1000, 1000\) and type float64, of which there are 80 bytes",
    ),
    "an object array without objects": (
        _pickled(_array((1000,), np.dtype("O"), False, [])),
        "not readable as a pickle of arrays",
    ),
    "a text of an exabyte": (_bytes(b"\x80\x04\x8d" + LONG + b"abc."), "more than 512 MB"),
    "a place at the far end": (_bytes(b"\x80\x02]r\xff\xff\xff\x7f."), "more than 512 MB|pickle"),
    "a key that overflows the stack": (
        _bytes(b"\x80\x02})" + b"\x85" * 300_000 + b"K\x01s."),
        "ended by SIGSEGV|recursion",
    ),
    "cut off": (_bytes(pickle.dumps({"train": np.zeros(500)}, 4)[:-3000]), "truncated"),
    "a web page": (_bytes(b"<!DOCTYPE html><html>Virus"), "not readable as a pickle.*a web page"),
}


def _changed(change: Callable[[h5py.File, Path], Any]) -> Callable[[Path], None]:
    """A good file with other contents under the keys of one video."""

    def write(path: Path) -> None:
        with h5py.File(write_csd(path, make_videos()), "r+") as file:
            change(file, path)

    return write


def _features(**options: Any) -> Callable[[Path], None]:
    """A good file whose features of one video are another data set."""

    def change(file: h5py.File, path: Path) -> None:
        del file[f"{VIDEO}/features"]
        file.create_dataset(f"{VIDEO}/features", **options)

    return _changed(change)


def _link_out(file: h5py.File, path: Path) -> None:
    other = write_csd(path.with_name("other.csd"), make_videos())
    del file[VIDEO]
    file[VIDEO] = h5py.ExternalLink(other.name, VIDEO)


def _stored_outside(path: Path) -> None:
    path.with_name("secret").write_bytes(bytes(60))
    external = [(str(path.with_name("secret")), 0, 60)]
    _features(shape=(5, 3), dtype="f4", external=external)(path)


def _virtual(file: h5py.File, path: Path) -> None:
    other = write_csd(path.with_name("other.csd"), make_videos())
    layout = h5py.VirtualLayout(shape=(5, 3), dtype="f4")
    layout[:] = h5py.VirtualSource(other, f"{VIDEO}/features", shape=(5, 3))
    del file[f"{VIDEO}/features"]
    file[VIDEO].create_virtual_dataset("features", layout)


def _shape_bomb(file: h5py.File, path: Path) -> None:
    """Of all that it says it holds, one chunk was written."""
    del file[f"{VIDEO}/features"]
    data = file[VIDEO].create_dataset("features", (2**40, 2**20), "f4", chunks=(2, 2))
    data[0, 0] = 1


def _gzip_bomb(file: h5py.File, path: Path) -> None:
    """A chunk of a megabyte that unpacks to a gigabyte, whatever it was declared to hold."""
    del file[f"{VIDEO}/features"]
    data = file[VIDEO].create_dataset(
        "features", (5, 2**18), "f4", chunks=(1, 2**18), compression="gzip"
    )
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    data.id.write_direct_chunk((0, 0), b"\x78\x9c" + block * 2**10)


def _deep_type(file: h5py.File, path: Path) -> None:
    nested = h5py.h5t.NATIVE_INT8
    for _ in range(2000):
        nested = h5py.h5t.vlen_create(nested)
    del file[f"{VIDEO}/features"]
    h5py.h5d.create(file[VIDEO].id, b"features", nested, h5py.h5s.create_simple((5, 1)))


def _damaged_heap(path: Path) -> None:
    """Listed in order of names, HDF5 would free what it never made."""
    with h5py.File(path, "w", libver="latest") as file:
        for number in range(12):
            file.create_group(f"{ROOT}/data/{number}")
    whole = bytearray(path.read_bytes())
    whole[whole.index(b"FHDB") + 30] ^= 255
    path.write_bytes(whole)


def _cut_in_half(path: Path) -> None:
    path.write_bytes(write_good(path).read_bytes()[: path.stat().st_size // 2])


def _odd_id(file: h5py.File, path: Path) -> None:
    file[f"{ROOT}/data"].id.move(b"video-1", b"vid\xe9o\x1b-1")


CSDS: dict[str, Case] = {
    "a link out of the file": (_changed(_link_out), "video-1': a link to elsewhere"),
    "values in another file": (_stored_outside, "features': values stored in other files"),
    "values of another HDF5 file": (_changed(_virtual), "features': values stored in other files"),
    "a shape bomb": (
        _changed(_shape_bomb),
        "takes more than 512 MB|features': not readable as HDF5",
    ),
    "a gzip bomb": (_changed(_gzip_bomb), "features': not readable as HDF5"),
    "a type of many fields": (
        _features(data=np.zeros(5, [(f"field{n:050}", "f4") for n in range(100)])),
        r"features': values of type \[\('field0",
    ),
    "types in types": (_changed(_deep_type), "video-1|more than 512 MB|SIGSEGV"),
    "a heap that crashes the library": (_damaged_heap, "ended by SIG|not readable as HDF5"),
    "cut off": (_cut_in_half, "not readable as HDF5"),
    "an id that is no text": (_changed(_odd_id), r"data': b'vid\\xe9o\\x1b-1' for the id"),
}


def good_arrays() -> dict[str, np.ndarray]:
    return {
        "id": np.array(["a", "b"]),
        "split": np.array(["train", "test"]),
        "label": np.array([0.5, 1.5]),
        "num_steps": np.array([3, 4]),
        "visual": np.random.default_rng(0).normal(size=(7, 2)),
    }


def npy(
    descr: str = "<f8", shape: Any = (7, 2), values: bytes = bytes(112), header: str = ""
) -> bytes:
    """A .npy file of any header, true or not."""
    text = header or f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("latin-1") + values


def _zip(path: Path, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _visual(content: bytes | Callable[[Path], bytes]) -> Callable[[Path], None]:
    """A good file but for the bytes of one array."""

    def write(path: Path) -> None:
        members = {}
        for name, array in good_arrays().items():
            stream = io.BytesIO()
            np.save(stream, array)
            members[f"{name}.npy"] = stream.getvalue()
        members["visual.npy"] = content if isinstance(content, bytes) else content(path)
        _zip(path, members)

    return write


def _objects(path: Path) -> None:
    np.savez(path, **good_arrays() | {"visual": np.array([_runs(path)], object)})


def _other_value(path: Path) -> None:
    values = good_arrays()["visual"].tobytes()
    path.write_bytes(write_good(path).read_bytes().replace(values, values[::-1]))


def _overlap(path: Path) -> None:
    """Every entry of the directory leads to the first array."""
    data = bytearray(write_good(path).read_bytes())
    start = data.index(b"PK\x01\x02")
    while (start := data.find(b"PK\x01\x02", start + 1)) > 0:
        data[start + 42 : start + 46] = bytes(4)
    path.write_bytes(data)


NPZS: dict[str, Case] = {
    "objects": (_objects, "visual': not readable as NPZ .Python objects, which could run code"),
    "a pickle by the name of an array": (
        _visual(lambda path: pickle.dumps(_runs(path))),
        "visual': not readable as NPZ .no array",
    ),
    "a pickle in place of it": (_pickled(_runs), "not readable as NPZ .no zip archive"),
    "one array": (_bytes(npy()), "one array, where several"),
    "cut off": (_cut_in_half, "not readable as NPZ"),
    "another value": (_other_value, "visual': .*CRC"),
    "a shape bomb": (_visual(npy(shape=(2**40, 2))), "takes more than 512 MB"),
    "a shape beyond integers": (_visual(npy(shape=(10**30, 2))), "visual': not readable as NPZ"),
    "text of no width": (_visual(npy("<U0", (10**18,), b"")), r"visual': shape \(10{18},\)"),
    "a type that ends the process": (_visual(npy("m8[s/0]")), "ended by SIGFPE|visual'"),
    "a header in a header": (_visual(npy(header="(" * 900)), "visual': not readable as NPZ"),
    "arrays that overlap": (_overlap, "'split': not readable as NPZ"),
}

CASES: dict[tuple[str, str], Case] = {
    (suffix, name): case
    for suffix, cases in ((".pkl", PICKLES), (".csd", CSDS), (".npz", NPZS))
    for name, case in cases.items()
}
