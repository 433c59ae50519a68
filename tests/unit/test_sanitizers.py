"""The kernel touches no memory but its own, and does nothing that C++ leaves undefined.

Each cell's kernel is compiled with GCC's address and undefined-behaviour sanitizers and used by a
process of its own, in which every array that the kernel is given ends where the allocation ends.
"""

import os
import platform
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from odyssey.cells import build
from odyssey.cells.variants import CHANGES, KIN, cell

FLAGS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
CELLS = ("V", *CHANGES, "CIFG+FGR", "NIG+NFG+NOG", *KIN)
QUICK = ("NIG+NFG+NOG",)  # the others take minutes

# Allocated by the C library, whose functions the sanitizer replaces, each array by itself.
PROGRAM = """
    import ctypes, sys
    import numpy as np
    from odyssey import seeds
    from odyssey.cells.variants import cell
    from odyssey.features.sequences import LOSSES
    from odyssey.training import fused
    from odyssey.training.engine import Optimiser
    from odyssey.training.networks import Network, initial_weights
    from standard import make

    library = ctypes.CDLL(None)
    library.aligned_alloc.restype = ctypes.c_void_p
    library.aligned_alloc.argtypes = ctypes.c_size_t, ctypes.c_size_t

    def exact(size):
        at = library.aligned_alloc(64, 4 * max(size, 1))
        array = np.ctypeslib.as_array((ctypes.c_float * size).from_address(at))
        array[:] = 0
        return array

    fused._zeros = lambda sizes: [exact(size) for size in sizes]
    name, kernel = sys.argv[1:]
    if name == "beyond":
        array = np.zeros(100, np.float32)
        key = np.zeros(2, np.uint32)
        fused.Kernel(kernel, cell("RNN")).noise(key.ctypes.data, 0, 101, array.ctypes.data)
    for loss in LOSSES:
        for directions, layers, batch in ((1, 1, 1), (2, 1, 2), (1, 2, 1), (2, 8, 2)):
            network = Network(cell(name), 7, 13, 19, directions, loss, layers)
            sequences = make(network, (1, 2, 17, 9), training=3, scored=0.5)
            engine = fused.FusedEngine(network, sequences, initial_weights(network, 1), kernel)
            engine.loss_and_gradients(2)
            for nesterov in (True, False):
                engine.train_epoch(
                    seeds.order(1, 1, 3), seeds.noise_key(1, 1), 0.5,
                    Optimiser(1e-3, 0.9, nesterov, 0.1), batch)
            assert np.isfinite(engine.evaluate("validation").loss)
    # So large that several sequences are evaluated at once.
    network = Network(cell(name), 7, 140, 19, 2, "ctc", 2)
    sequences = make(network, (1, 2, 17, 9, 9, 3), training=1)
    engine = fused.FusedEngine(network, sequences, initial_weights(network, 1), kernel)
    assert np.isfinite(engine.evaluate("validation").loss)
    print("done")
"""


def run(name, tmp_path, monkeypatch, instruction_set):
    compiler = build.find_compiler()
    preload = []
    for library in ("libasan.so", "libubsan.so"):
        found = subprocess.run(
            [compiler, f"-print-file-name={library}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        if not Path(found).is_absolute():
            pytest.skip(f"{compiler} has no {library}")
        preload.append(found)
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, *FLAGS))
    kernel = str(tmp_path / "fused.so")
    build.build(cell("RNN" if name == "beyond" else name), kernel, instruction_set)
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), name, kernel],
        cwd=Path(__file__).parent,  # where `standard` is found
        env={
            **os.environ,
            "LD_PRELOAD": " ".join(preload),
            "ASAN_OPTIONS": "detect_leaks=0",  # Python's own are not looked for
        },
        capture_output=True,
        text=True,
        check=False,
    )


pytestmark = pytest.mark.skipif(
    platform.system() != "Linux" or not shutil.which("g++"), reason="GCC's sanitizers on Linux"
)


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CELLS],
)
def test_a_kernel_keeps_to_its_memory_and_to_what_is_defined(name, tmp_path, monkeypatch, best_set):
    ended = run(name, tmp_path, monkeypatch, best_set)
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr[-3000:]


def test_what_lies_beyond_an_array_is_noticed(tmp_path, monkeypatch, best_set):
    ended = run("beyond", tmp_path, monkeypatch, best_set)
    assert ended.returncode != 0
    assert "heap-buffer-overflow" in ended.stderr
