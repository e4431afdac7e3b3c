"""Times a served RMFN: whole sequences and streaming sessions, over gRPC and in process.

    .venv/bin/python benchmarks/serving.py --seconds 5

An RMFN of the paper's sizes on features as wide as CMU-MOSI's (language 300, acoustic 74, visual
47; weights as they are drawn, for no time depends on them) is exported and served from a process
of its own by the tests' stand-in for TensorFlow Serving (`tests/support/serving_twin.py`: its
protocol, gRPC on loopback and TensorFlow's kernels, but Python threads around them). The numbers
are therefore what the model and the client cost; a real server costs less around the model.

Each row runs `--seconds` with that many clients at once, each with a channel of its own, which ask
again as soon as they are answered. "sequence" is `predict` of one sequence of 30 words, "step" one
word of a session. Memory is the resident memory of the serving process after 200 and after 2,000
sequences of 1 to 40 words.

Prints two Markdown tables; ends with an error where memory grows by more than 5 %.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from rmfn_tf.start import start_tensorflow

WIDTHS = {"language": 300, "acoustic": 74, "visual": 47}
WORDS = 30
CLIENTS = (1, 8, 64)
FEW, MANY, GROWTH = 200, 2000, 0.05
TWIN = Path(__file__).resolve().parent.parent / "tests" / "support" / "serving_twin.py"

Ask = Callable[[], object]


def export(folder: Path) -> None:
    import keras

    from rmfn_tf.export import export_model
    from rmfn_tf.models import create_model

    keras.utils.set_random_seed(0)
    export_model(create_model("rmfn", features=WIDTHS), folder)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, int]]:
    """The address of a server in a process of its own, and its process id."""
    with subprocess.Popen(
        [sys.executable, str(TWIN), str(folder), "rmfn"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield f"grpc://127.0.0.1:{int(process.stdout.readline())}/rmfn", process.pid
        finally:
            process.terminate()


def random_sequence(words: int, seed: int = 0) -> dict[str, list[np.ndarray]]:
    random = np.random.default_rng(seed)
    return {
        name: [random.standard_normal((words, width), np.float32)] for name, width in WIDTHS.items()
    }


def sequences(client) -> Ask:
    sequence = random_sequence(WORDS)
    return lambda: client.predict(sequence)


def steps(client) -> Ask:
    session = client.session()
    word = {name: words[0][0] for name, words in random_sequence(1).items()}
    return lambda: session.step(word)


def measure(asks: list[Ask], seconds: float) -> tuple[np.ndarray, float]:
    """Seconds of each answer, with a thread for each of `asks`; and answers a second."""
    for ask in asks:
        ask()  # the first opens the channel and traces
    start = threading.Barrier(len(asks) + 1)
    times: list[list[float]] = [[] for _ in asks]
    failures: list[BaseException] = []

    def work(ask: Ask, mine: list[float]) -> None:
        try:
            start.wait()
            end = time.perf_counter() + seconds
            while (begin := time.perf_counter()) < end:
                ask()
                mine.append(time.perf_counter() - begin)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=each) for each in zip(asks, times, strict=True)]
    for thread in threads:
        thread.start()
    start.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - begin  # the last answers come after `seconds`
    if failures:
        raise failures[0]
    whole = np.concatenate(times)
    return whole, len(whole) / elapsed


def latencies(addresses: dict[str, str], seconds: float) -> None:
    from rmfn_tf.export.client import Client

    print("| asked | by | clients | p50 ms | p95 ms | p99 ms | answers a second |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for what, make in (("sequence", sequences), ("step", steps)):
        for way, address in addresses.items():
            for count in CLIENTS if way == "gRPC" else (1,):
                with ExitStack() as stack:
                    clients = [
                        stack.enter_context(Client.connect(address, timeout=60))
                        for _ in range(count)
                    ]
                    times, rate = measure([make(client) for client in clients], seconds)
                p50, p95, p99 = np.percentile(times, [50, 95, 99]) * 1000
                print(
                    f"| {what} | {way} | {count} | {p50:.2f} | {p95:.2f} | {p99:.2f} "
                    f"| {rate:.0f} |",
                    flush=True,
                )


def resident(process: int) -> float:
    """MiB of a process, from /proc."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError(f"process {process} has no resident memory")


def memory(address: str, process: int) -> float:
    """Growth from FEW to MANY requests, as a share."""
    from rmfn_tf.export.client import Client

    found = {}
    with Client.connect(address, timeout=60) as client:
        for number in range(1, MANY + 1):
            client.predict(random_sequence(1 + number % 40, seed=number))
            if number in (FEW, MANY):
                found[number] = resident(process)
    growth = found[MANY] / found[FEW] - 1
    print(f"\n| after | MiB of the server |\n|---:|---:|\n| {FEW} | {found[FEW]:.0f} |")
    print(f"| {MANY} | {found[MANY]:.0f} ({growth:+.1%}) |")
    return growth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each row")
    parser.add_argument("--folder", type=Path, help="an exported RMFN of these widths")
    arguments = parser.parse_args()
    start_tensorflow()
    with ExitStack() as stack:
        folder = arguments.folder
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "rmfn"
            export(folder)
        address, process = stack.enter_context(serving(folder))
        latencies({"gRPC": address, "in process": str(folder)}, arguments.seconds)
        growth = memory(address, process)
    if growth > GROWTH:
        sys.exit(f"memory grew by {growth:.1%}, more than {GROWTH:.0%}")


if __name__ == "__main__":
    main()
