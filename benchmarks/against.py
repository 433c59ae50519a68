"""Time the fused engine of this tree against that of another commit, taking turns.

    python benchmarks/against.py REVISION [--quick] [--points timit,78,V jsb,78,FGR]

The other commit is checked out beside, and its engine works in a process of its own on the same
core; both train the sequences of engine.py, turn by turn, and the medians count. Prints a table in
Markdown, and the geometric mean of the ratios.
"""

import argparse
import json
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import geometric_mean, median
from types import SimpleNamespace

REPOSITORY = Path(__file__).parents[1]
SHAPES, SIZES, VARIANT_SIZE = ("timit", "iam", "jsb"), (20, 40, 78, 120, 200), 78
# Python imports what lies where it is started before what is installed.
WORKER = "import runpy, sys; runpy.run_path(sys.argv[1])['work'](*sys.argv[2:])"


def work(tree: str, folder: str) -> None:
    """Serve points and turns from standard input; started in the folder of a tree's library."""
    engine = SimpleNamespace(**runpy.run_path(str(Path(tree, "benchmarks", "engine.py"))))

    from odyssey.cells import build, variants
    from odyssey.training.fused import FusedEngine
    from odyssey.training.networks import Network, initial_weights

    steps = None
    for line in sys.stdin:
        order = json.loads(line)
        if "turn" in order:
            print(engine.take_turn(steps, order["turn"]), flush=True)
            continue
        name, shape = order["variant"], order["shape"]
        inputs, outputs, frames, _, directions, loss = engine.SHAPES[shape]
        kernel = Path(folder, f"{name}.so")
        if hasattr(variants, "cell"):
            cell = variants.cell(name)
            if not kernel.exists():
                build.build(cell, kernel)
        else:  # one kernel for all variants, as it was before cells were equations
            cell, kernel = variants.variant(name), Path(folder, "all.so")
            if not kernel.exists():
                build.build(kernel)
        network = Network(cell, inputs, order["size"], outputs, directions, loss)
        sequences = engine.make_sequences(shape)
        ready = FusedEngine(network, sequences, initial_weights(network, 1), str(kernel))
        steps = engine.engine_step(ready)
        engine.take_turn(steps, 2)
        print(frames, flush=True)


def ask(worker: subprocess.Popen, order: dict) -> float:
    """Send an order, and wait for its answer."""
    print(json.dumps(order), file=worker.stdin, flush=True)
    return float(worker.stdout.readline())


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("revision", help="the commit to compare with")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--points", nargs="*", help="shape,size,variant; default: all")
    arguments = parser.parse_args()
    points = [(shape, size, "V") for shape in SHAPES for size in SIZES]
    if arguments.points:
        points = [(s, int(n), v) for s, n, v in (p.split(",") for p in arguments.points)]
    else:
        from odyssey.cells.variants import PAPER_VARIANTS  # of this tree, not of a worker's

        points += [(shape, VARIANT_SIZE, v) for shape in SHAPES for v in PAPER_VARIANTS[1:]]
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder, "other")
        subprocess.run(["git", "clone", "-q", REPOSITORY, other], check=True)
        subprocess.run(["git", "-C", other, "checkout", "-q", arguments.revision], check=True)
        workers = {}
        for name, tree in (("before", other), ("now", REPOSITORY)):
            kernels = Path(folder, f"kernels-{name}")
            kernels.mkdir()
            workers[name] = subprocess.Popen(
                [sys.executable, "-c", WORKER, __file__, str(tree), str(kernels)],
                cwd=tree / "workflow" / "scripts",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        print("| shape | size | variant | before, µs | now, µs | before / now |")
        print("|---|---:|---|---:|---:|---:|")
        ratios = []
        for shape, size, variant in points:
            order = {"shape": shape, "size": size, "variant": variant}
            frames = {name: ask(worker, order) for name, worker in workers.items()}["now"]
            turn = {"turn": max(1, round(0.03 / ask(workers["now"], {"turn": 2})))}
            times = {name: [] for name in workers}
            for _ in range(5 if arguments.quick else 25):
                for name, worker in workers.items():
                    times[name].append(ask(worker, turn))
            before, now = (1e6 * median(times[name]) / frames for name in ("before", "now"))
            ratios.append(median(b / n for b, n in zip(times["before"], times["now"], strict=True)))
            row = f"{before:.2f} | {now:.2f} | {ratios[-1]:.3f}"
            print(f"| {shape} | {size} | {variant} | {row} |", flush=True)
        print(f"\nGeometric mean {geometric_mean(ratios):.3f}, lowest {min(ratios):.3f}.")
        for worker in workers.values():
            worker.stdin.close()
            worker.wait()


if __name__ == "__main__":
    main()
