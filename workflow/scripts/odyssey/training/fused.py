"""The fast engine: whole epochs inside the compiled kernel of `odyssey.cells`."""

import contextlib
import ctypes
import mmap
from collections.abc import Callable
from ctypes import POINTER, Structure, c_char_p, c_double, c_int64, c_void_p

import numpy as np
import numpy.typing as npt

from odyssey.cells.build import source_digest
from odyssey.cells.equations import Cell
from odyssey.cells.graph import Layout, lay_out
from odyssey.features.sequences import LOSSES, Sequences
from odyssey.training.engine import Evaluation, Optimiser, evaluation
from odyssey.training.networks import Network, Weights, directions_of, weight_shapes

LINE = 16  # floats: a cache line, and the widest vector
HUGE_PAGE = 2**21  # bytes


class _Model(Structure):
    """Mirror of ``Model`` in cells/fused/network.h."""

    _fields_ = [
        *((name, c_int64) for name in ("inputs", "hidden", "outputs", "directions")),
        *((name, c_int64) for name in ("layers", "loss")),
        *((name, c_void_p) for name in ("values", "targets", "scored", "frames", "labels")),
        *((name, c_void_p) for name in ("weights", "velocities", "gradients", "workspace")),
    ]


class _Step(Structure):
    """Mirror of ``Step`` in cells/fused/network.h."""

    _fields_ = [
        *((name, c_double) for name in ("rate", "momentum", "clip")),
        ("nesterov", c_int64),
    ]


_MODEL, _STEP = POINTER(_Model), POINTER(_Step)
_SIGNATURES = {
    "digest": (c_char_p,),
    "structure_bytes": (c_int64,),
    "vector_floats": (c_int64,),
    "weight_floats": (c_int64, _MODEL),
    "workspace_floats": (c_int64, _MODEL, c_int64, c_int64),
    "noise": (None, c_void_p, c_int64, c_int64, c_void_p),
    "loss_and_gradients": (c_double, _MODEL, c_int64),
    "train_epoch": (
        *(c_double, _MODEL, c_void_p, c_void_p, c_int64, c_int64, c_void_p, c_double, _STEP),
    ),
    "abreast": (c_int64,),
    "evaluate": (None, _MODEL, c_void_p, c_int64, c_void_p, c_void_p, c_void_p),
}


class Kernel:
    """The functions of a cell's compiled kernel for one instruction set, as attributes.

    They release Python's global lock, so that trials run side by side in threads.

    Parameters
    ----------
    path : str
        The library that `odyssey.cells.build.build` made.
    cell : Cell
        Whose kernel it is.
    instruction_set : str or None
        One of `instruction_sets`; None: the best that this processor has.

    Raises
    ------
    ValueError
        If the library cannot be loaded, lacks the instruction set, or was made of other sources.
    """

    # As `_SIGNATURES` has them; arrays go in as the addresses of their memory.
    digest: Callable[[], bytes]
    structure_bytes: Callable[[], int]
    vector_floats: Callable[[], int]
    weight_floats: Callable[[_Model], int]
    workspace_floats: Callable[[_Model, int, int], int]
    noise: Callable[[int, int, int, int], None]
    loss_and_gradients: Callable[[_Model, int], float]
    train_epoch: Callable[[_Model, int, int, int, int, int, float, _Step], float]
    abreast: Callable[[], int]
    evaluate: Callable[[_Model, int, int, int, int, int | None], None]

    def __init__(self, path: str, cell: Cell, instruction_set: str | None = None):
        available = instruction_sets(path)
        chosen = instruction_set or available[0]
        if chosen not in available:
            raise ValueError(
                f"instruction set {chosen!r}: this processor can use {', '.join(available)}"
            )
        library = ctypes.CDLL(path)
        for name, (result, *arguments) in _SIGNATURES.items():
            function = getattr(library, f"{name}_{chosen}")
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
        self.instruction_set = chosen
        structures = ctypes.sizeof(_Model) << 16 | ctypes.sizeof(_Step)
        if self.digest().decode() != source_digest(cell) or self.structure_bytes() != structures:
            raise ValueError(f"the engine's kernel {path} was made of other sources: delete it")


def instruction_sets(path: str) -> list[str]:
    """Name the instruction sets of a kernel that this processor has, the best first.

    Parameters
    ----------
    path : str
        The library that `odyssey.cells.build.build` made.

    Raises
    ------
    ValueError
        If the library cannot be loaded, or has no instruction set of this processor.
    """
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ValueError(f"the engine's kernel {path} cannot be loaded: {error}") from error
    library.instruction_sets.restype = c_char_p
    processors = library.instruction_sets().decode().split()
    usable = [name for name in processors if hasattr(library, f"train_epoch_{name}")]
    if not usable:
        raise ValueError(
            f"the engine's kernel {path} was made for an instruction set that this processor lacks "
            f"(it has {', '.join(processors)}): see training.instruction_set"
        )
    return usable


def fastest_set(path: str, hidden_size: int) -> str:
    """Choose the instruction set that trains a network fastest on this processor.

    Parameters
    ----------
    path : str
        The library that `odyssey.cells.build.build` made.

    Raises
    ------
    ValueError
        As `instruction_sets` does.
    """
    best, *others = instruction_sets(path)
    if best == "avx512" and "avx2" in others and ctypes.CDLL(path).by_halves():
        less_padding = -hidden_size % 8 < -hidden_size % 16
        return "avx2" if less_padding else best
    return best


def weight_positions(network: Network, vector: int) -> dict[str, np.ndarray]:
    """Say where the kernel keeps each weight in its one flat array.

    Parameters
    ----------
    vector : int
        Floats in a vector register.

    Returns
    -------
    dict of str to numpy.ndarray of int64
        Named and shaped as `odyssey.training.networks.weight_shapes` says. Positions that no
        weight has are padding and hold 0.
    """
    layout = lay_out(network.cell)
    n, directions = network.hidden_size, network.directions
    padded = -(-n // vector) * vector
    units = np.concatenate([d * padded + np.arange(n) for d in range(directions)])
    positions: Weights = {}
    end = 0
    for layer in range(1, network.layers + 1):
        rows, inputs = directions * padded, units
        if layer == 1:
            rows, inputs = network.inputs, np.arange(network.inputs)
        block, size = _direction_positions(layout, n, vector, rows, inputs)
        for direction in directions_of(network, layer):
            positions |= {f"{direction}.{name}": end + where for name, where in block.items()}
            end += size

    width, out_rows = 2 * vector, directions * padded + 1
    output = np.arange(network.outputs)[:, None]
    group = end + output // width * out_rows * width + output % width
    positions["output.W"] = group + units * width
    positions["output.b"] = (group + (out_rows - 1) * width)[:, 0]
    return {name: positions[name] for name in weight_shapes(network)}


def _direction_positions(
    layout: Layout, n: int, vector: int, rows_of_inputs: int, inputs: np.ndarray
) -> tuple[dict[str, np.ndarray], int]:
    """Place the weights of a direction, whose inputs have the rows `inputs`; return their end."""
    padded = -(-n // vector) * vector
    unit, source = np.arange(n)[:, None], np.arange(n)
    group, lane = unit // vector, unit % vector
    places: Weights = {}
    end = 0

    def add(rows: int, columns: list[list[tuple[str, np.ndarray]]]) -> None:
        """Place the matrices of a block, of each column, where the last one ended."""
        nonlocal end
        for place, matrices in enumerate(columns):
            for name, row in matrices:
                at = (group * rows + row) * len(columns) + place
                places[name] = end + at * vector + lane
        end += rows * padded * len(columns)

    for b in layout.blocks:
        rows = {layout.sources[s]: k * padded + source for k, s in enumerate(b.sources)}
        acting = [layout.columns[number].matrices for number in b.columns]
        add(len(rows) * padded, [[(m[s], rows[s]) for s in m if s in rows] for m in acting])
    add(rows_of_inputs, [[(c.inputs, inputs)] for c in layout.columns if c.inputs])
    for name in layout.vectors:
        places[name] = end + source
        end += padded
    return places, end


def _zeros(sizes: list[int]) -> list[np.ndarray]:
    """Return float32 arrays of zeros, each at the beginning of a cache line, in huge pages.

    The recurrent weights are read once a step from the second cache level, which holds them only
    if they lie together in physical memory too: at 200 blocks a fifth of the time.
    """
    rounded = [-(-size // LINE) * LINE for size in sizes]
    memory = mmap.mmap(-1, 4 * sum(rounded) + HUGE_PAGE)
    with contextlib.suppress(AttributeError, OSError):  # not every system has them
        memory.madvise(mmap.MADV_HUGEPAGE)
    floats = np.frombuffer(memory, dtype=np.float32)
    begin = -floats.ctypes.data % HUGE_PAGE // 4
    starts = begin + np.cumsum([0, *rounded[:-1]])
    return [floats[at : at + size] for at, size in zip(starts, sizes, strict=True)]


def _starts(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


class FusedEngine:
    """See `odyssey.training.engine.Engine`.

    Parameters
    ----------
    network : Network
    sequences : Sequences
        Shared, never copied: engines in several threads read the same arrays.
    weights : dict of str to numpy.ndarray
    kernel : str
        The library that `odyssey.cells.build.build` made.
    instruction_set : str or None
        None: the best that this processor has.

    Raises
    ------
    ValueError
        If the kernel cannot be loaded or is another cell's, or if a target is not one of the
        network's outputs.
    """

    def __init__(
        self,
        network: Network,
        sequences: Sequences,
        weights: Weights,
        kernel: str,
        instruction_set: str | None = None,
    ):
        self.network, self.sequences = network, sequences
        chosen = instruction_set or fastest_set(kernel, network.hidden_size)
        self.kernel = Kernel(kernel, network.cell, chosen)
        self.arithmetic = self.kernel.instruction_set
        self.positions = weight_positions(network, self.kernel.vector_floats())
        if network.loss in ("softmax", "ctc") and len(sequences.targets):
            classes = network.outputs - (network.loss == "ctc")
            if sequences.targets.min() < 0 or sequences.targets.max() >= classes:
                raise ValueError(f"targets must lie in 0 to {classes - 1}")
        of_frames = network.loss in ("sigmoid", "squared")
        if of_frames and sequences.targets.shape[1] != network.outputs:
            raise ValueError(f"targets must have {network.outputs} columns")

        # The kernel reads these arrays in place, so they must live as long as the engine.
        self.values = np.ascontiguousarray(sequences.values)
        self.targets = np.ascontiguousarray(sequences.targets)
        self.scored = None if sequences.scored is None else np.ascontiguousarray(sequences.scored)
        self.frames, self.labels = _starts(sequences.lengths), _starts(sequences.target_lengths)
        self.splits = {
            name: np.ascontiguousarray(sequences.indices(name), dtype=np.int64)
            for name in ("train", "validation", "test")
        }
        self.model = _Model(
            inputs=network.inputs,
            hidden=network.hidden_size,
            outputs=network.outputs,
            directions=network.directions,
            layers=network.layers,
            loss=LOSSES.index(network.loss),
            values=self.values.ctypes.data,
            targets=self.targets.ctypes.data,
            scored=None if self.scored is None else self.scored.ctypes.data,
            frames=self.frames.ctypes.data,
            labels=self.labels.ctypes.data,
        )
        size = self.kernel.weight_floats(self.model)
        longest = int(sequences.lengths.max()), int(sequences.target_lengths.max())
        places = ("weights", "velocities", "gradients", "workspace")
        sizes = [size, size, size, self.kernel.workspace_floats(self.model, *longest)]
        self.flat = dict(zip(places, _zeros(sizes), strict=True))
        for name, array in self.flat.items():
            setattr(self.model, name, array.ctypes.data)
        self.restore(weights, None)

    def restore(self, weights: Weights, velocities: Weights | None) -> None:
        """See `Engine.restore`."""
        for name, where in self.positions.items():
            self.flat["weights"][where] = weights[name]
            self.flat["velocities"][where] = 0 if velocities is None else velocities[name]

    def _named(self, flat: np.ndarray) -> Weights:
        return {name: flat[where] for name, where in self.positions.items()}

    def state(self) -> tuple[Weights, Weights]:
        """See `Engine.state`."""
        return self._named(self.flat["weights"]), self._named(self.flat["velocities"])

    def loss_and_gradients(self, index: int) -> tuple[float, Weights]:
        """See `Engine.loss_and_gradients`."""
        loss = self.kernel.loss_and_gradients(self.model, int(index))
        return loss, self._named(self.flat["gradients"])

    def train_epoch(
        self,
        order: npt.NDArray[np.int64],
        noise_key: npt.NDArray[np.uint32],
        input_noise: float,
        optimiser: Optimiser,
        batch: int = 1,
    ) -> float:
        """See `Engine.train_epoch`."""
        order = np.ascontiguousarray(order, dtype=np.int64)
        key = np.ascontiguousarray(noise_key, dtype=np.uint32)
        step = _Step(
            rate=(1 - optimiser.momentum) * optimiser.learning_rate,
            momentum=optimiser.momentum,
            clip=np.inf if optimiser.clip is None else optimiser.clip,
            nesterov=optimiser.nesterov,
        )
        train, places = self.splits["train"].ctypes.data, order.ctypes.data
        return self.kernel.train_epoch(
            self.model, train, places, len(order), batch, key.ctypes.data, input_noise, step
        )

    def evaluate(self, split: str) -> Evaluation:
        """See `Engine.evaluate`."""
        indices, lengths = self.splits[split], self.sequences.lengths
        frames = int(self.sequences.scored_lengths[indices].sum())
        # The longest first and several at once: the kernel then reads its weights once for them.
        order = np.argsort(-lengths[indices], kind="stable")
        losses, errors = np.zeros(len(indices)), np.zeros(len(indices), np.int64)
        labels, abreast = frames, self.kernel.abreast()
        if self.network.loss == "ctc":
            labels = int(self.sequences.target_lengths[indices].sum())
        for begin in range(0, len(order), abreast):
            places = order[begin : begin + abreast]
            chosen = np.ascontiguousarray(indices[places])
            logits = self._evaluate(chosen, losses, errors, places)
            if logits is not None:
                errors[places] = self._spelling(chosen, logits)
        loss = np.add.accumulate(losses)[-1].item()  # one after another, for the last bits
        return evaluation(self.network, loss, frames, int(errors.sum()), labels)

    def _evaluate(
        self, chosen: np.ndarray, losses: np.ndarray, errors: np.ndarray, places: np.ndarray
    ) -> np.ndarray | None:
        """Let the kernel evaluate a few sequences; with CTC return their logits, one by one."""
        some_losses, some_errors = np.empty(len(chosen)), np.empty(len(chosen), np.int64)
        frames = int(self.sequences.lengths[chosen].sum())
        ctc = self.network.loss == "ctc"
        logits = np.empty((frames, self.network.outputs), np.float32) if ctc else None
        self.kernel.evaluate(
            self.model,
            chosen.ctypes.data,
            len(chosen),
            some_losses.ctypes.data,
            some_errors.ctypes.data,
            None if logits is None else logits.ctypes.data,
        )
        losses[places], errors[places] = some_losses, some_errors
        return logits

    def _spelling(self, chosen: np.ndarray, logits: np.ndarray) -> list[int]:
        """Count the errors of the best paths."""
        from odyssey.training.decoding import best_path, edit_distance  # only where it is used

        ends = np.cumsum(self.sequences.lengths[chosen])[:-1]
        targets = [self.targets[self.labels[n] : self.labels[n + 1]] for n in chosen]
        paths = [best_path(part) for part in np.split(logits, ends)]
        return [edit_distance(p, t) for p, t in zip(paths, targets, strict=True)]
