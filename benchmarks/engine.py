"""Time a full training step of each engine, write the table into README.md and the figures as CSV.

A step is one sequence: input noise, forward, loss, backward, Nesterov update. All engines run in
one process on one core, taking turns, so that what slows the machine slows them all. The peers are
given their best: compiled, warm, without Python between frames.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded
os.environ["MKL_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import argparse
import csv
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import geometric_mean, median

import numpy as np
import torch

from odyssey import seeds
from odyssey.cells.build import build
from odyssey.cells.variants import KIN, PAPER_VARIANTS, cell
from odyssey.features.sequences import Description, Sequences
from odyssey.machine import processor
from odyssey.tasks import read_settings
from odyssey.training.engine import Optimiser
from odyssey.training.fused import FusedEngine
from odyssey.training.networks import Network, initial_weights
from odyssey.training.reference import ReferenceEngine, sequence_loss

try:
    import jax
    import jax.numpy as jnp
except ImportError:
    jax = None

HERE = Path(__file__).parent
LENGTHS = {"timit": (304, 304), "iam": (250, 25), "jsb": (60, 60)}  # frames and labels
TASKS = {kind: read_settings({"kind": kind}).shape() for kind in LENGTHS}
# inputs, outputs, frames, labels, directions, loss
SHAPES = {
    kind: (shape.inputs, shape.outputs, *LENGTHS[kind], shape.directions, shape.loss)
    for kind, shape in TASKS.items()
}
SIZES = (20, 40, 78, 120, 200)
VARIANT_SIZE = 78
PEERS = ("reference", "nn.LSTM", "jax")
KIN_PEERS = {"GRUA": "nn.GRU", "RNN": "nn.RNN"}
SEQUENCES = 8
OPTIMISER = Optimiser(learning_rate=1e-5, momentum=0.9, nesterov=True, clip=None)
NOISE = 0.1
TURN = 0.03  # seconds that an engine computes before it is the next one's turn
OTHERS = (*PAPER_VARIANTS[1:], *KIN, "FB1")
COLUMNS = ("shape", "hidden_size", "variant", "engine", "us_per_frame", "gflops", "sgemm_gflops")


def make_sequences(shape: str) -> Sequences:
    """Make up sequences of a task's shape."""
    inputs, outputs, frames, labels, directions, loss = SHAPES[shape]
    draw = np.random.default_rng(1)
    if loss == "sigmoid":
        targets = (draw.random((SEQUENCES * labels, outputs)) < 0.05).astype(np.uint8)
    else:
        targets = draw.integers(0, outputs - 1, SEQUENCES * labels).astype(np.int32)
    return Sequences(
        Description(
            task=shape,
            source="made up",
            synthetic=True,
            loss=loss,
            outputs=outputs,
            directions=directions,
            measure="",
        ),
        draw.standard_normal((SEQUENCES * frames, inputs)).astype(np.float32),
        np.full(SEQUENCES, frames),
        targets,
        np.full(SEQUENCES, labels),
        np.zeros(SEQUENCES, np.uint8),
        np.array([str(n) for n in range(SEQUENCES)]),
    )


def flops_per_frame(network: Network) -> int:
    """Count floating-point operations of a step's matrix products, two a multiply-add.

    Inputs: forward and weight gradient. Recurrence and output layer: these two and the deltas.
    Nothing else is counted, and no padding.
    """
    n, kinds = network.hidden_size, list(network.cell.weights.values())
    inputs, recurrent = kinds.count("input"), kinds.count("recurrent")
    direction = 2 * inputs * n * network.inputs + 3 * recurrent * n * n + 3 * n * network.outputs
    return 2 * network.directions * direction


def engine_step(engine):
    """Return a function that trains an engine on all sequences once."""
    key = seeds.noise_key(1, 1)
    order = np.arange(SEQUENCES)
    return lambda count: engine.train_epoch(order[:count], key, NOISE, OPTIMISER)


def torch_step(kind, network: Network, sequences: Sequences, device: str = "cpu"):
    """Return the same with a layer of torch.nn and a linear layer; nn.LSTM has no peepholes."""
    n = network.hidden_size
    layer = kind(network.inputs, n, bidirectional=network.directions == 2).to(device)
    out = torch.nn.Linear(network.directions * n, network.outputs).to(device)
    weights = [*layer.parameters(), *out.parameters()]
    velocities = [torch.zeros_like(w) for w in weights]
    values = torch.tensor(sequences.values).view(SEQUENCES, -1, 1, network.inputs).to(device)
    targets = torch.tensor(sequences.targets).view(SEQUENCES, -1, *sequences.targets.shape[1:])
    targets = targets.to(device)
    m = OPTIMISER.momentum
    rate = (1 - m) * OPTIMISER.learning_rate

    def steps(count):
        for x, target in zip(values[:count], targets[:count], strict=True):
            with torch.no_grad():
                torch._foreach_mul_(velocities, m)
                torch._foreach_add_(weights, velocities)
            y, _ = layer(x + NOISE * torch.randn_like(x))
            loss = sequence_loss(out(y[:, 0]), target, network.loss)
            gradients = torch.autograd.grad(loss, weights)
            with torch.no_grad():
                torch._foreach_add_(velocities, gradients, alpha=-rate)
                torch._foreach_add_(weights, gradients, alpha=-rate)
            loss.item()

    return steps


def jax_ctc(logits, labels):
    """Compute the CTC loss by a scan over frames, in logarithms; the blank is the last class."""
    never = -1e30
    states = jnp.full(2 * len(labels) + 1, logits.shape[1] - 1).at[1::2].set(labels)
    jumps = (states[3:] != states[1:-2]) & (states[3:] != states[0])
    jump = jnp.concatenate([jnp.full(3, never), jnp.where(jumps, 0.0, never)])
    emitted = jax.nn.log_softmax(logits)[:, states]  # (T, states)
    first = jnp.full(len(states), never).at[:2].set(emitted[0, :2])

    def frame(alpha, e):
        one = jnp.concatenate([jnp.full(1, never), alpha[:-1]])
        two = jnp.concatenate([jnp.full(2, never), alpha[:-2]]) + jump
        top = jnp.maximum(jnp.maximum(alpha, one), two)
        total = jnp.exp(alpha - top) + jnp.exp(one - top) + jnp.exp(two - top)
        return top + jnp.log(total) + e, None

    alpha, _ = jax.lax.scan(frame, first, emitted[1:])
    return -jnp.logaddexp(alpha[-1], alpha[-2])


def jax_loss(logits, target, loss: str):
    """Sum a sequence's loss over frames and outputs."""
    if loss == "softmax":
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), target[:, None], 1).sum()
    if loss == "sigmoid":
        return (jax.nn.softplus(logits) - logits * target).sum()
    return jax_ctc(logits, target)


def jax_lstm(w):
    """Return a vanilla block's step, all bars in one product, and its states' number."""

    def step(carry, bars):
        y, c = carry
        z, i, f, o = jnp.split(bars + y @ w["R"], 4)
        p_i, p_f, p_o = w["p"]
        i, f = jax.nn.sigmoid(i + p_i * c), jax.nn.sigmoid(f + p_f * c)
        c = jnp.tanh(z) * i + c * f
        y = jnp.tanh(c) * jax.nn.sigmoid(o + p_o * c)
        return (y, c), y

    return step, 2


def jax_gru(w):
    """Return the step of a GRU with the reset after the product, and its states' number."""

    def step(carry, bars):
        (y,) = carry
        r, z, h = jnp.split(bars, 3)
        by_r, by_z, by_h = jnp.split(y @ w["R"] + w["p"][0], 3)
        r, z = jax.nn.sigmoid(r + by_r), jax.nn.sigmoid(z + by_z)
        h = jnp.tanh(h + r * by_h)
        y = z * y + (1 - z) * h
        return (y,), y

    return step, 1


def jax_step(kind, parts: int, network: Network, sequences: Sequences):
    """Return the same with a jitted jax.lax.scan of a step with so many bars."""
    n, m = network.hidden_size, OPTIMISER.momentum
    rate = (1 - m) * OPTIMISER.learning_rate
    draw = np.random.default_rng(1)

    def normal(*shape):
        return jnp.asarray(0.1 * draw.standard_normal(shape), jnp.float32)

    weights = {
        "blocks": [
            {
                "W": normal(network.inputs, parts * n),
                "R": normal(n, parts * n),
                "b": normal(parts * n),
                "p": normal(3, n) if parts == 4 else normal(1, parts * n),
            }
            for _ in range(network.directions)
        ],
        "W": normal(network.directions * n, network.outputs),
        "b": normal(network.outputs),
    }

    def block(x, w):
        step, states = kind(w)
        _, y = jax.lax.scan(step, (jnp.zeros(n),) * states, x @ w["W"] + w["b"])
        return y

    def loss_of(weights, x, target):
        y = block(x, weights["blocks"][0])
        if network.directions == 2:
            y = jnp.concatenate([y, block(x[::-1], weights["blocks"][1])[::-1]], 1)
        logits = y @ weights["W"] + weights["b"]
        return jax_loss(logits, target, network.loss)

    def update(weights, velocities, key, x, target):
        key, drawn = jax.random.split(key)
        x = x + NOISE * jax.random.normal(drawn, x.shape)
        tree = jax.tree.map
        velocities = tree(lambda v: m * v, velocities)
        weights = tree(jnp.add, weights, velocities)
        loss, gradients = jax.value_and_grad(loss_of)(weights, x, target)
        velocities = tree(lambda v, g: v - rate * g, velocities, gradients)
        return tree(lambda w, g: w - rate * g, weights, gradients), velocities, key, loss

    compiled = jax.jit(update, donate_argnums=(0, 1, 2))
    values = [jnp.asarray(x) for x in sequences.values.reshape(SEQUENCES, -1, network.inputs)]
    of_targets = jnp.float32 if network.loss == "sigmoid" else jnp.int32
    shaped = sequences.targets.reshape(SEQUENCES, -1, *sequences.targets.shape[1:])
    targets = [jnp.asarray(t, of_targets) for t in shaped]
    key = jax.random.key(1, impl="rbg")  # the fastest that JAX has
    state = [weights, jax.tree.map(jnp.zeros_like, weights), key]

    def steps(count):
        for x, target in zip(values[:count], targets[:count], strict=True):
            *state[:], loss = compiled(*state, x, target)
        loss.block_until_ready()

    return steps


def sgemm_step():
    """Return a function that multiplies two large matrices, and its operations a product."""
    size = 768
    a, b = np.random.default_rng(1).standard_normal((2, size, size)).astype(np.float32)
    out = np.empty_like(a)

    def steps(count):
        for _ in range(count):
            np.dot(a, b, out=out)

    return steps, 2 * size**3


def take_turn(steps, sequences: int) -> float:
    """Train so many sequences; return seconds a sequence."""
    start = time.perf_counter()
    for done in range(0, sequences, SEQUENCES):
        steps(min(SEQUENCES, sequences - done))
    return (time.perf_counter() - start) / sequences


def race(engines: dict, repetitions: int) -> dict[str, float]:
    """Let engines take turns; return each one's median time a sequence, in seconds."""
    sequences = {}
    for name, steps in engines.items():
        take_turn(steps, 1)  # compiles, fills caches
        sequences[name] = max(1, round(TURN / min(take_turn(steps, 1) for _ in range(2))))
    times = {name: [] for name in engines}
    for _ in range(repetitions):
        for name, steps in engines.items():
            times[name].append(take_turn(steps, sequences[name]))
    return {name: median(values) for name, values in times.items()}


def scaling(network: Network, sequences: Sequences, kernel: str, repetitions: int) -> float:
    """Return the throughput of two trials in two threads relative to that of one."""
    weights = initial_weights(network, 1)
    trials = [engine_step(FusedEngine(network, sequences, weights, kernel)) for _ in range(2)]
    turns = max(1, round(0.3 / SEQUENCES / take_turn(trials[0], SEQUENCES)))

    def work(trial):
        for _ in range(turns):
            trial(SEQUENCES)

    def run(count):
        threads = [threading.Thread(target=work, args=(trial,)) for trial in trials[:count]]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - start

    pairs = [(run(1), run(2)) for _ in range(repetitions)]
    return 2 * median(one for one, _ in pairs) / median(two for _, two in pairs)


def peers_of(name: str, network: Network, sequences: Sequences) -> dict:
    """Return the libraries' own steps of a cell, where they have it."""
    steps = {}
    if name == "V":
        steps["nn.LSTM"] = torch_step(torch.nn.LSTM, network, sequences)
    if name in KIN_PEERS:
        kind = getattr(torch.nn, KIN_PEERS[name].removeprefix("nn."))
        steps[KIN_PEERS[name]] = torch_step(kind, network, sequences)
    if jax and name == "V":
        steps["jax"] = jax_step(jax_lstm, 4, network, sequences)
    if jax and name == "GRUA":
        steps["jax"] = jax_step(jax_gru, 3, network, sequences)
    return steps


def measure(kernels: dict[str, str], repetitions: int) -> list[dict]:
    """Time all points; returns rows of `COLUMNS`."""
    gemm, gemm_flops = sgemm_step()
    points = [(shape, size, "V") for shape in SHAPES for size in SIZES]
    points += [(shape, VARIANT_SIZE, name) for shape in SHAPES for name in OTHERS]
    rows, gemm_times = [], []
    for number, (shape, size, name) in enumerate(points, 1):
        inputs, outputs, frames, _, directions, loss = SHAPES[shape]
        network = Network(cell(name), inputs, size, outputs, directions, loss)
        sequences, weights = make_sequences(shape), initial_weights(network, 1)
        engines = {"sgemm": gemm, **peers_of(name, network, sequences)}
        engines["reference"] = engine_step(ReferenceEngine(network, sequences, weights))
        engines["fused"] = engine_step(FusedEngine(network, sequences, weights, kernels[name]))
        times = race(engines, repetitions)
        gemm_times.append(times.pop("sgemm"))
        for engine, taken in times.items():
            rows.append(
                {
                    "shape": shape,
                    "hidden_size": size,
                    "variant": "NP" if engine == "nn.LSTM" else name,
                    "engine": engine,
                    "us_per_frame": taken / frames * 1e6,
                    "gflops": flops_per_frame(network) * frames / taken / 1e9,
                }
            )
        shown = ", ".join(f"{engine} {t / frames * 1e6:.2f} µs" for engine, t in times.items())
        print(f"[{number:2}/{len(points)}] {shape} {size} {name}: {shown}", file=sys.stderr)
    for row in rows:
        row["sgemm_gflops"] = gemm_flops / median(gemm_times) / 1e9
    return rows


def point_table(rows: list[dict], shape: str) -> list[str]:
    """Lay out the vanilla block's points of a shape, with ratios to `fused`, in Markdown."""
    vanilla = [
        row
        for row in rows
        if row["shape"] == shape and (row["variant"] == "V" or row["engine"] == "nn.LSTM")
    ]
    peers = [peer for peer in PEERS if any(row["engine"] == peer for row in vanilla)]
    head = ["blocks", *(f"{name}, µs" for name in (*peers, "fused"))]
    head += [*(f"× {peer}" for peer in peers), "GFLOP/s", "of sgemm"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---:|" * len(head)]
    ratios = {peer: [] for peer in peers}
    for size in SIZES:
        point = {row["engine"]: row for row in vanilla if row["hidden_size"] == size}
        fused = point["fused"]
        for peer in peers:
            ratios[peer].append(point[peer]["us_per_frame"] / fused["us_per_frame"])
        fields = [str(size), *(f"{point[name]['us_per_frame']:.2f}" for name in (*peers, "fused"))]
        fields += [f"{ratios[peer][-1]:.1f}" for peer in peers]
        fields += [f"{fused['gflops']:.1f}", f"{fused['gflops'] / fused['sgemm_gflops']:.0%}"]
        lines.append("| " + " | ".join(fields) + " |")
    means = [f"**{geometric_mean(ratios[peer]):.1f}**" for peer in peers]
    lines.append("| " + " | ".join(["mean", *[""] * (len(peers) + 1), *means, "", ""]) + " |")
    return lines


def variant_table(rows: list[dict], names: Sequence[str]) -> list[str]:
    """Lay out cells at `VARIANT_SIZE`, in Markdown."""
    head = ["cell"]
    for shape in SHAPES:
        head += [f"{shape} fused, µs", "× reference", "GFLOP/s", "of sgemm"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for name in names:
        fields = [name]
        for shape in SHAPES:
            point = {
                row["engine"]: row
                for row in rows
                if (row["shape"], row["hidden_size"], row["variant"]) == (shape, VARIANT_SIZE, name)
            }
            fused = point["fused"]
            ratio = point["reference"]["us_per_frame"] / fused["us_per_frame"]
            share = fused["gflops"] / fused["sgemm_gflops"]
            fields += [f"{fused['us_per_frame']:.2f}", f"{ratio:.0f}"]
            fields += [f"{fused['gflops']:.1f}", f"{share:.0%}"]
        lines.append("| " + " | ".join(fields) + " |")
    return lines


def kin_table(rows: list[dict]) -> list[str]:
    """Lay out the kin that libraries have too, in Markdown."""
    lines = [
        "| shape | cell | peer | peer, µs | fused, µs | × peer |",
        "|---|---|---|---:|---:|---:|",
    ]
    of = [row for row in rows if row["variant"] in KIN_PEERS]
    for row in of:
        if row["engine"] in ("fused", "reference"):
            continue
        same = (r for r in of if (r["shape"], r["variant"]) == (row["shape"], row["variant"]))
        fused = next(r["us_per_frame"] for r in same if r["engine"] == "fused")
        taken = row["us_per_frame"]
        numbers = f"{taken:.2f} | {fused:.2f} | {taken / fused:.1f}"
        lines.append(f"| {row['shape']} | {row['variant']} | {row['engine']} | {numbers} |")
    return lines


def report(rows: list[dict], two_cores: dict[str, float]) -> str:
    """Write the measured part of README.md."""
    lines = [
        f"Measured on {processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, PyTorch {torch.__version__}"
        + (f", JAX {jax.__version__}." if jax else "; without JAX, which is not installed."),
        f"One core does {rows[0]['sgemm_gflops']:.1f} GFLOP/s in sgemm (NumPy's BLAS), same run.",
    ]
    for shape, (inputs, outputs, frames, _, directions, loss) in SHAPES.items():
        kind = f"{inputs} → {outputs}, {frames} frames, {loss}, directions: {directions}"
        lines += ["", f"### {shape}: {kind}", "", *point_table(rows, shape)]
    size = VARIANT_SIZE
    lines += ["", f"### All variants at {size} blocks", "", *variant_table(rows, PAPER_VARIANTS)]
    lines += ["", f"### Their kin at {size} units", "", *variant_table(rows, OTHERS[8:])]
    lines += ["", f"### Kin that libraries have, at {size} units", "", *kin_table(rows)]
    lines += ["", "### Two trials on two cores, throughput relative to one", ""]
    lines += ["| point | ratio |", "|---|---:|"]
    lines += [f"| {point} | {ratio:.2f} |" for point, ratio in two_cores.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, nothing written")
    quick = parser.parse_args().quick
    if jax is None:
        print("JAX is not installed: leaving out its column (pip group: bench)", file=sys.stderr)
    torch.set_num_threads(1)
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
    with tempfile.TemporaryDirectory() as folder:
        kernels = {name: str(Path(folder, f"{name}.so")) for name in ("V", *OTHERS)}
        with ThreadPoolExecutor(len(cores) or 1) as pool:
            list(pool.map(lambda name: build(cell(name), kernels[name]), kernels))
        if cores:
            os.sched_setaffinity(0, {max(cores)})
        rows = measure(kernels, 3 if quick else 9)
        two_cores = {}
        if len(cores) > 1:
            os.sched_setaffinity(0, cores)
            for shape, size in (("timit", 78), ("jsb", 78), ("timit", 200)):
                inputs, outputs, _, _, directions, loss = SHAPES[shape]
                network = Network(cell("V"), inputs, size, outputs, directions, loss)
                two_cores[f"{shape}, {size} blocks"] = scaling(
                    network, make_sequences(shape), kernels["V"], 3 if quick else 25
                )
    text = report(rows, two_cores)
    print(text)
    if quick:
        return
    with open(HERE / "results" / "engine.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            numbers = ("us_per_frame", "gflops", "sgemm_gflops")
            writer.writerow({**row, **{name: f"{row[name]:.4g}" for name in numbers}})
    readme = (HERE / "README.md").read_text()
    begin, end = "<!-- engine:begin -->\n", "<!-- engine:end -->"
    before, rest = readme.split(begin)
    (HERE / "README.md").write_text(before + begin + text + end + rest.split(end)[1])


if __name__ == "__main__":
    main()
