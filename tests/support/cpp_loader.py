"""The C++ program that answers by the loader that TensorFlow Serving calls (cpp/answer.cc)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto

SOURCE = Path(__file__).parent / "cpp" / "answer.cc"


def build_answer(folder):
    """Builds the program in `folder`, or takes the one that is there; skips without a compiler."""
    program = folder / "answer"
    if program.exists():
        return program
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler on this machine")
    libraries = Path(tf.sysconfig.get_lib())
    (loader,) = libraries.glob("libtensorflow_cc.so.*")
    (framework,) = libraries.glob("libtensorflow_framework.so.*")
    unfinished = folder / f"answer-{os.getpid()}"
    command = [compiler, "-O0", "-w", str(SOURCE), "-o", str(unfinished)]
    command += tf.sysconfig.get_compile_flags()
    # The program itself names few of the loader's symbols: without the flag it is not linked.
    command += ["-Wl,--no-as-needed", str(loader), str(framework), f"-Wl,-rpath,{libraries}"]
    built = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert built.returncode == 0, built.stderr[-3000:]
    unfinished.replace(program)
    return program


def ask(answer, version, signature, requests, folder):
    """The answers of one process, in order: a dict of arrays, or the text of an error."""
    folders = []
    for number, request in enumerate(requests):
        folders.append(folder / str(number))
        folders[-1].mkdir(parents=True)
        for name, values in request.items():
            proto = tf.make_tensor_proto(values)
            (folders[-1] / f"{name}.in").write_bytes(proto.SerializeToString())
    command = [answer, version, signature, *folders]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return [read_answer(each) for each in folders]


def read_answer(folder):
    if (folder / "error.txt").exists():
        return (folder / "error.txt").read_text()
    return {
        path.stem: tf.make_ndarray(TensorProto.FromString(path.read_bytes()))
        for path in folder.glob("*.out")
    }
