"""The fused engine equals the readable one, for every cell that is shipped."""

import ctypes
import platform
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standard import check_gradients, make

from odyssey import seeds
from odyssey.cells import build
from odyssey.cells.variants import KIN, PAPER_VARIANTS, cell
from odyssey.corpora import chorales_music21
from odyssey.features import pianoroll
from odyssey.features.sequences import LOSSES, Description, Sequences
from odyssey.training import fused
from odyssey.training.engine import Optimiser
from odyssey.training.engines import check_engine, open_engine
from odyssey.training.fused import FusedEngine, Kernel, instruction_sets, weight_positions
from odyssey.training.networks import Network, initial_weights
from odyssey.training.reference import ReferenceEngine

OPTIMISER = Optimiser(learning_rate=1e-2, momentum=0.9, nesterov=True, clip=None)
COMBINED = ("NFG+NOAF", "CIFG+FGR", "FGR+NIG+NP", "NIG+NFG+NOG", "NIAF+NOAF+NOG+NP")
SHIPPED = (*PAPER_VARIANTS, "FB1", *COMBINED, *KIN)
# Seconds go into compiling a kernel: these stand for the others, whose derivatives all are tried.
SAMPLE = (*PAPER_VARIANTS, "NIG+NFG+NOG", "GRU", "MUT3", "minGRU", "LNLSTM")
CELLS = [n if n in SAMPLE else pytest.param(n, marks=pytest.mark.slow) for n in SHIPPED]
V = cell("V")
# Normalisation divides by deviations that may be small, layer after layer: PyTorch's own float32
# then errs by up to 2e-4 of an array.
FLOORS = {"LNLSTM": 1e-4}


@pytest.fixture(scope="module")
def kernel(kernel_of):
    """The kernel of the vanilla block, with all instruction sets."""
    return kernel_of(V, "auto")


@pytest.mark.parametrize("hidden_size", [13, 16])  # no vector's multiple, and every vector's
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", CELLS)
def test_gradients_equal_the_standards(kernel_of, name, loss, directions, hidden_size):
    network = Network(cell(name), 7, hidden_size, 19, directions, loss)
    kernel, floor = kernel_of(network.cell), FLOORS.get(name, 0)
    check_gradients(network, make(network, (1, 2, 61)), kernel, floor=floor)


@pytest.mark.parametrize("layers", [2, 3])
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", ["V", "NP", "CIFG", "FGR", "GRU", "LNLSTM", "minGRU"])
def test_gradients_of_all_layers_equal_the_standards(kernel_of, name, loss, directions, layers):
    network = Network(cell(name), 7, 13, 19, directions, loss, layers)
    kernel, floor = kernel_of(network.cell), FLOORS.get(name, 0)
    check_gradients(network, make(network, (1, 2, 31), scored=0.5), kernel, floor=floor)


def test_gradients_of_eight_layers_equal_the_standards(kernel):
    network = Network(V, 7, 21, 19, 2, "softmax", 8)
    check_gradients(network, make(network, (1, 40)), kernel)


@pytest.mark.parametrize("scored", [0.0, 0.5])
@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss != "ctc"])
def test_frames_that_are_not_scored_count_as_in_the_standard(kernel, loss, scored):
    network = Network(V, 7, 13, 19, 2, loss)
    check_gradients(network, make(network, (1, 2, 61), scored=scored), kernel)


@pytest.mark.parametrize("hidden_size", [78, 200])
def test_gradients_equal_the_standards_at_the_studys_sizes(kernel, hidden_size):
    network = Network(V, 39, hidden_size, 61, 2, "softmax")
    check_gradients(network, make(network, (300,)), kernel)


@st.composite
def networks(draw):
    sizes = [draw(st.integers(1, 20)), draw(st.integers(1, 40)), draw(st.integers(2, 40))]
    name, directions = draw(st.sampled_from(SAMPLE)), draw(st.integers(1, 2))
    layers = 1 if name in FLOORS else draw(st.integers(1, 3))
    return Network(cell(name), *sizes, directions, draw(st.sampled_from(LOSSES)), layers)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    network=networks(),
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=3),
    scored=st.sampled_from([None, 0.5]),
)
def test_any_shape_has_the_standards_gradients(kernel_of, network, lengths, scored):
    sequences = make(network, lengths, scored=scored)
    check_gradients(network, sequences, kernel_of(network.cell), floor=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(
    "name", ["V", pytest.param("NIG+NFG+NOG", marks=pytest.mark.slow), "LNLSTM"]
)
def test_every_instruction_set_has_the_standards_gradients(kernel_of, name, layers, loss):
    network = Network(cell(name), 7, 21, 19, 2, loss, layers)
    kernel = kernel_of(network.cell, "auto")
    for instruction_set in instruction_sets(kernel):
        sequences = make(network, (1, 2, 61))
        floor = FLOORS.get(name, 0)
        check_gradients(network, sequences, kernel, instruction_set, floor)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the baseline has no wider vectors")
@pytest.mark.parametrize(
    ("name", "loss"),
    [
        pytest.param("V", "softmax", marks=pytest.mark.slow),
        pytest.param("FGR", "sigmoid", marks=pytest.mark.slow),
        pytest.param("GRU", "ctc", marks=pytest.mark.slow),
        ("LNLSTM", "ctc"),
    ],
)
def test_vectors_of_sixteen_floats_have_the_standards_gradients(monkeypatch, tmp_path, name, loss):
    """The code for AVX-512, on any x86 processor: compiled into pairs of AVX2's registers."""
    monkeypatch.setattr(build, "X86", {"avx2": ("-DODYSSEY_VECTOR=16", "-mavx2", "-mfma")})
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-O1"))  # sooner done
    kernel = str(tmp_path / "fused.so")
    build.build(cell(name), kernel, "avx2")
    assert Kernel(kernel, cell(name), "avx2").vector_floats() == 16
    for layers in (1, 2):
        network = Network(cell(name), 7, 21, 19, 2, loss, layers)
        floor = FLOORS.get(name, 0)
        check_gradients(network, make(network, (1, 2, 61)), kernel, "avx2", floor)


def test_the_baseline_instruction_set_is_always_there_and_the_best_is_first(kernel):
    available = instruction_sets(kernel)
    assert available[-1] == "baseline"
    widths = [Kernel(kernel, V, name).vector_floats() for name in available]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(
    ("frames", "labels"),
    [(6, 0), (1, 0), (1, 1), (30, 15), (400, 60)],
    ids=["no label", "one frame", "one label", "tight", "long"],
)
def test_ctc_equals_pytorchs(kernel, frames, labels):
    network = Network(V, 3, 8, 30, 1, "ctc")
    check_gradients(network, make(network, (frames,), (labels,)), kernel)


def test_ctc_separates_repeated_labels_as_pytorch_does(kernel):
    network = Network(V, 3, 8, 2, 1, "ctc")  # with one label, all are repeats
    check_gradients(network, make(network, (9, 5), (5, 3)), kernel)


def test_ctc_without_room_for_the_labels_is_infinite(kernel):
    network = Network(V, 3, 8, 2, 1, "ctc")
    engine = FusedEngine(network, make(network, (8,), (5,)), initial_weights(network, 1), kernel)
    assert engine.loss_and_gradients(0)[0] == np.inf  # five equal labels need nine frames


@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 1000, 46800])
@pytest.mark.parametrize("sequence", [0, 3695])
def test_noise_is_the_studys(kernel, size, sequence):
    key = seeds.noise_key(5, 3)
    for instruction_set in instruction_sets(kernel):
        noise = np.full(size, np.nan, dtype=np.float32)
        address = noise.ctypes.data
        Kernel(kernel, V, instruction_set).noise(key.ctypes.data, sequence, size, address)
        # Up to 6 in size, and some float32 operations: a few times 6 * 2**-24.
        np.testing.assert_allclose(
            noise, seeds.gaussian_noise(key, sequence, size), rtol=0, atol=2e-6
        )


@pytest.mark.parametrize("clip", [None, 0.05])
@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
def test_epochs_and_evaluations_equal_the_standards(kernel, loss, nesterov, clip):
    network = Network(V, 7, 20, 19, 2, loss)
    sequences = make(network, (5, 20, 33, 1, 50, 8), training=3)
    check_epochs(network, sequences, kernel, Optimiser(1e-2, 0.9, nesterov, clip), 1)


@pytest.mark.parametrize(("nesterov", "clip"), [(True, None), (False, 0.05)])
@pytest.mark.parametrize(
    ("name", "layers", "batch"), [("V", 1, 2), ("V", 1, 8), ("V", 3, 1), ("GRU", 2, 8)]
)
@pytest.mark.parametrize("loss", LOSSES)
def test_epochs_in_batches_and_layers_equal_the_standards(
    kernel_of, loss, name, layers, batch, nesterov, clip
):
    """Eleven sequences, so that the last batch is smaller."""
    network = Network(cell(name), 7, 20, 19, 2, loss, layers)
    lengths = (5, 8, 13, 1, 20, 8, 3, 9, 4, 7, 2, 16, 8)
    sequences = make(network, lengths, training=11, scored=0.5)
    kernel, optimiser = kernel_of(network.cell), Optimiser(2e-3, 0.9, nesterov, clip)
    check_epochs(network, sequences, kernel, optimiser, batch)


def check_epochs(network, sequences, kernel, optimiser, batch):
    """Hold three epochs and an evaluation against the standard."""
    weights = initial_weights(network, 1)
    fused = FusedEngine(network, sequences, weights, kernel)
    standard = ReferenceEngine(network, sequences, weights, torch.float64)
    count = len(sequences.indices("train"))
    for epoch in (1, 2, 3):
        given = seeds.order(7, epoch, count), seeds.noise_key(7, epoch), 0.5, optimiser, batch
        assert fused.train_epoch(*given) == pytest.approx(standard.train_epoch(*given), rel=1e-5)
    for found, wanted in zip(fused.state(), standard.state(), strict=True):
        for name in wanted:
            error = np.linalg.norm(found[name] - wanted[name])
            assert error <= 1e-5 * np.linalg.norm(wanted[name]), name
    found, wanted = fused.evaluate("validation"), standard.evaluate("validation")
    assert found.loss == pytest.approx(wanted.loss, rel=1e-5)
    assert found.measure == pytest.approx(wanted.measure, rel=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("name", "hidden_size", "layers"),
    [("V", 130, 1), ("V", 130, 2), ("GRU", 150, 1), ("LNLSTM", 130, 1)],
)
def test_sequences_evaluated_side_by_side_have_the_bits_they_have_alone(
    kernel_of, name, hidden_size, layers, loss
):
    """Sizes at which the kernel takes several sequences at once; ends of all kinds."""
    network = Network(cell(name), 7, hidden_size, 19, 2, loss, layers)
    sequences = make(network, (9, 5, 20, 33, 1, 50, 8, 20, 20), training=1)
    weights = initial_weights(network, 1)
    engine = FusedEngine(network, sequences, weights, kernel_of(network.cell))
    found, alone = engine.evaluate("validation"), 0.0
    for index in np.argsort(-sequences.lengths[1:], kind="stable") + 1:
        alone += engine.loss_and_gradients(index)[0]
    assert found.loss == pytest.approx(alone / sequences.lengths[1:].sum(), rel=1e-12)
    standard = ReferenceEngine(network, sequences, weights, torch.float64).evaluate("validation")
    assert found.loss == pytest.approx(standard.loss, rel=1e-5)
    assert found.measure == pytest.approx(standard.measure, rel=1e-5)


def test_equal_outputs_count_as_the_first_class(kernel):
    network = Network(V, 2, 4, 5, 1, "softmax")
    sequences = make(network, (40, 40), training=1)
    weights = {name: np.zeros_like(w) for name, w in initial_weights(network, 1).items()}
    engine = FusedEngine(network, sequences, weights, kernel)
    wrong = np.mean(sequences.targets[40:] != 0)
    assert engine.evaluate("validation").measure == pytest.approx(100 * wrong)


@pytest.mark.parametrize(("layers", "batch"), [(1, 1), (3, 2)])
@pytest.mark.parametrize("name", CELLS)
def test_a_restored_engine_goes_on_with_the_same_bits(kernel_of, name, layers, batch):
    """Only true if what the kernel keeps beside the named weights, its padding, stays zero."""
    network = Network(cell(name), 7, 13, 19, 2, "softmax", layers)
    sequences, weights = make(network, (5, 20, 33)), initial_weights(network, 1)

    def epoch(engine, number):
        return engine.train_epoch(
            seeds.order(7, number, 3), seeds.noise_key(7, number), 0.5, OPTIMISER, batch
        )

    through = FusedEngine(network, sequences, weights, kernel_of(network.cell))
    for number in (1, 2, 3):
        fresh = FusedEngine(network, sequences, weights, kernel_of(network.cell))
        fresh.restore(*through.state())
        assert epoch(fresh, number) == epoch(through, number)
        for found, wanted in zip(fresh.state(), through.state(), strict=True):
            for weight in wanted:
                np.testing.assert_array_equal(found[weight], wanted[weight])


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("name", SHIPPED)
def test_no_two_weights_share_a_place(name, layers):
    network = Network(cell(name), 7, 13, 19, 2, "softmax", layers)
    for vector in (4, 8, 16):
        places = np.concatenate([p.ravel() for p in weight_positions(network, vector).values()])
        assert len(np.unique(places)) == len(places)


@pytest.mark.parametrize(
    ("nesterov", "layers", "batch"), [(True, 1, 1), (False, 1, 1), (True, 3, 2)]
)
@pytest.mark.parametrize("name", CELLS)
def test_padding_stays_exactly_zero(kernel_of, name, nesterov, layers, batch):
    loss = "softmax" if layers == 1 else "squared"
    network = Network(cell(name), 7, 13, 19, 2, loss, layers)
    sequences, weights = make(network, (5, 20, 33)), initial_weights(network, 1)
    engine = FusedEngine(network, sequences, weights, kernel_of(network.cell))
    optimiser = Optimiser(1e-2, 0.9, nesterov, None)
    for epoch in (1, 2):
        order, key = seeds.order(7, epoch, 3), seeds.noise_key(7, epoch)
        engine.train_epoch(order, key, 0.5, optimiser, batch)
    named = np.concatenate([places.ravel() for places in engine.positions.values()])
    for array in ("weights", "velocities", "gradients"):
        assert np.all(engine.flat[array][named] != 0) or array == "gradients"
        padding = np.delete(engine.flat[array], named)
        assert padding.size
        assert not padding.any()


@pytest.mark.parametrize(
    ("name", "loss"),
    [*(("V", loss) for loss in LOSSES), *((name, "softmax") for name in ("FGR", "GRU", "LNLSTM"))],
)
def test_trials_side_by_side_have_the_bits_they_have_alone(kernel_of, name, loss):
    network = Network(cell(name), 7, 20, 19, 2, loss)
    kernel = kernel_of(network.cell)
    sequences = make(network, (50, 80, 20, 60), training=3)

    def train(seed):
        engine = open_engine("fused", network, sequences, initial_weights(network, seed), kernel)
        losses = [
            engine.train_epoch(seeds.order(seed, e, 3), seeds.noise_key(seed, e), 0.5, OPTIMISER)
            for e in range(1, 4)
        ]
        return losses, engine.evaluate("validation"), engine.state()[0]

    alone = [train(seed) for seed in range(6)]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(train, range(6)))
    for (losses, measured, weights), (wanted_losses, wanted, expected) in zip(
        together, alone, strict=True
    ):
        assert losses == wanted_losses
        assert measured == wanted
        for name in expected:
            np.testing.assert_array_equal(weights[name], expected[name])


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
def test_an_epoch_ends_at_the_first_sequence_whose_loss_is_not_finite(
    kernel_of, loss, nesterov, batch
):
    network = Network(cell("NIAF"), 7, 20, 19, 1, loss)
    sequences = make(network, (20, 20, 20))
    sequences.values[20:40] = 3e38  # overflows in the first product
    weights = initial_weights(network, 1)
    optimiser = Optimiser(1e-2, 0.9, nesterov, None)
    states = []
    for order in ([0, 1], [0, 1, 2, 0]):
        engine = FusedEngine(network, sequences, weights, kernel_of(network.cell))
        assert not np.isfinite(engine.train_epoch(order, np.zeros(2), 0.0, optimiser, batch))
        states.append(engine.state())
    for one, other in zip(*states, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "weight", ["output.b", "forward.W_z", "backward.R_o", "forward.p_f", "backward_2.W_z"]
)
def test_a_weight_that_is_not_a_number_shows_in_the_evaluation(kernel, loss, weight):
    network = Network(V, 7, 13, 19, 2, loss, layers=2 if "_2." in weight else 1)
    weights = initial_weights(network, 1)
    weights[weight].flat[-1] = np.nan
    engine = FusedEngine(network, make(network, (9, 9), training=1), weights, kernel)
    assert not np.isfinite(engine.evaluate("validation").loss)


@pytest.fixture(scope="module")
def chorales():
    """Nine of Bach's chorales as music21 has them: six to train, three to validate."""
    rolls = []
    for path in chorales_music21.score_files():
        frames = chorales_music21.read_score(path) if path.suffix == ".mxl" else ""
        if not isinstance(frames, str):
            rolls.append(pianoroll.roll(frames))
        if len(rolls) == 9:
            break
    lengths = np.array([len(r) - 1 for r in rolls])
    return Sequences(
        Description("jsb", "music21", False, "sigmoid", 88, 1, "nats a frame"),
        np.concatenate([r[:-1] for r in rolls]).astype(np.float32),
        lengths,
        np.concatenate([r[1:] for r in rolls]).astype(np.uint8),
        lengths,
        np.array([0] * 6 + [1] * 3, dtype=np.uint8),
        np.array([str(n) for n in range(9)]),
    )


def test_five_epochs_on_chorales_follow_the_readable_engine_in_float32(kernel, chorales):
    network = Network(V, 88, 30, 88, 1, "sigmoid")
    weights = initial_weights(network, 1)
    fused = open_engine("fused", network, chorales, weights, kernel)
    readable = open_engine("reference", network, chorales, weights, None)
    first = readable.evaluate("validation").loss
    for epoch in range(1, 6):
        epochs = (seeds.order(1, epoch, 6), seeds.noise_key(1, epoch), 0.1, OPTIMISER)
        assert fused.train_epoch(*epochs) == pytest.approx(readable.train_epoch(*epochs), rel=1e-3)
        found, wanted = fused.evaluate("validation"), readable.evaluate("validation")
        assert found.loss == pytest.approx(wanted.loss, rel=1e-3)
    assert wanted.loss < 0.8 * first  # so that there was a curve to follow


def test_targets_outside_the_network_are_refused(kernel):
    network = Network(V, 7, 13, 19, 1, "softmax")
    sequences = make(network, (9,))
    sequences.targets[3] = 19
    with pytest.raises(ValueError, match="targets must lie in 0 to 18"):
        FusedEngine(network, sequences, initial_weights(network, 1), kernel)


@pytest.mark.parametrize("loss", ["sigmoid", "squared"])
def test_targets_of_another_width_are_refused(kernel, loss):
    sequences = make(Network(V, 7, 13, 19, 1, loss), (9,))
    network = Network(V, 7, 13, 18, 1, loss)
    with pytest.raises(ValueError, match="targets must have 18 columns"):
        FusedEngine(network, sequences, initial_weights(network, 1), kernel)


def test_a_kernel_that_is_not_there_is_named(tmp_path):
    network = Network(V, 7, 13, 19, 1, "softmax")
    sequences, weights = make(network, (9,)), initial_weights(network, 1)
    with pytest.raises(ValueError, match=r"kernel .*absent\.so cannot be loaded"):
        open_engine("fused", network, sequences, weights, f"{tmp_path}/absent.so")


def test_an_instruction_set_that_the_processor_lacks_is_refused(kernel):
    with pytest.raises(ValueError, match=r"this processor can use .*baseline"):
        Kernel(kernel, V, "mmx")


def test_a_kernel_for_one_instruction_set_has_no_other(kernel_of):
    kernel = kernel_of(V, "baseline")
    assert instruction_sets(kernel) == ["baseline"]
    network = Network(V, 7, 21, 19, 2, "sigmoid")
    check_gradients(network, make(network, (1, 2, 61)), kernel)


def test_another_cells_kernel_is_refused(kernel_of):
    with pytest.raises(ValueError, match=r"kernel .*\.so was made of other sources: delete it"):
        Kernel(kernel_of(cell("NP")), V)


def test_a_kernel_made_of_other_sources_is_refused(monkeypatch, tmp_path):
    """A header changes; what was compiled before has its old name and its old digest."""
    here = tmp_path / "cells"
    shutil.copytree(build.SOURCE.parent, here)
    monkeypatch.setattr(build, "SOURCE", here / "fused.cpp")
    forget_digests()
    name = build.kernel_digest(V, "baseline", "a compiler")
    build.build(V, tmp_path / "fused.so", "baseline")
    Kernel(str(tmp_path / "fused.so"), V)
    with (here / "fused" / "losses.h").open("a") as file:
        file.write("// other\n")
    forget_digests()
    assert build.kernel_digest(V, "baseline", "a compiler") != name
    with pytest.raises(ValueError, match="was made of other sources"):
        Kernel(str(tmp_path / "fused.so"), V)
    monkeypatch.undo()
    forget_digests()


def forget_digests():
    build.source_digest.cache_clear()
    build._frame.cache_clear()


def test_a_kernels_digest_depends_on_cell_instruction_set_and_compiler():
    given = [
        (V, "auto", "a compiler"),
        (V, "avx2", "a compiler"),
        (V, "auto", "another"),
        (cell("FB1"), "auto", "a compiler"),  # another start is another cell
        (cell("GRU"), "auto", "a compiler"),
    ]
    assert len({build.kernel_digest(*one) for one in given}) == len(given)


@pytest.mark.parametrize("structure", ["_Model", "_Step"])
def test_structures_of_another_size_are_refused(kernel, monkeypatch, structure):
    class Longer(getattr(fused, structure)):
        _fields_ = (("more", ctypes.c_int64),)

    monkeypatch.setattr(fused, structure, Longer)
    with pytest.raises(ValueError, match="was made of other sources"):
        Kernel(kernel, V)


def test_a_kernel_for_another_processor_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "X86", {"elbrus": build.BASELINE})
    monkeypatch.setattr(build.platform, "machine", lambda: "x86_64")
    build.build(V, tmp_path / "fused.so", "elbrus")
    with pytest.raises(ValueError, match=r"lacks \(it has .*baseline\): see training"):
        check_engine("fused", "cpu", str(tmp_path / "fused.so"))


def test_an_instruction_set_of_other_machines_is_refused_before_it_is_compiled(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(build.platform, "machine", lambda: "aarch64")
    with pytest.raises(ValueError, match=r"avx2, but this machine \(aarch64\) .* baseline only"):
        build.build(V, tmp_path / "fused.so", "avx2")
    assert not list(tmp_path.iterdir())


def test_without_a_compiler_it_is_said_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ValueError, match=r"no C\+\+ compiler found \(tried no-such-compiler\)"):
        build.build(V, tmp_path / "fused.so")


def test_a_failed_compilation_says_why_and_leaves_nothing(monkeypatch, tmp_path):
    source = tmp_path / "wrong.cpp"
    source.write_text("int main( { return 0; }")
    monkeypatch.setattr(build, "SOURCE", source)
    with pytest.raises(ValueError, match=r"wrong\.cpp:1"):
        build.build(V, tmp_path / "made" / "fused.so")
    assert list((tmp_path / "made").iterdir()) == []


def test_the_engine_imports_nothing_that_it_does_not_use(kernel):
    code = """
        import sys
        from odyssey.training.fused import FusedEngine
        print(sorted({"torch", "scipy", "pandas", "rapidfuzz", "numba"} & set(sys.modules)))
    """
    assert run(code) == "[]"


def test_two_trials_at_the_full_size_of_timit_stay_far_below_the_memory_limit(kernel):
    """The promise is 1.5 GB for a job of two threads, with all that a job imports."""
    code = f"""
        import re
        from concurrent.futures import ThreadPoolExecutor
        import numpy as np
        from odyssey.cells.variants import cell
        from odyssey.features.sequences import Description, Sequences
        from odyssey.training.engine import Optimiser
        from odyssey.training.fused import FusedEngine
        from odyssey.training.networks import Network, initial_weights
        count, frames = 3696, 304
        sequences = Sequences(
            Description("timit", "made up", True, "softmax", 61, 2, ""),
            np.ones((count * frames, 39), np.float32), np.full(count, frames),
            np.zeros(count * frames, np.int32), np.full(count, frames),
            np.zeros(count, np.uint8), np.arange(count).astype(str))
        network = Network(cell("V"), 39, 200, 61, 2, "softmax")
        def train(seed):
            engine = FusedEngine(network, sequences, initial_weights(network, seed), {kernel!r})
            engine.train_epoch(np.arange(3), np.zeros(2), 0.5, Optimiser(1e-5, 0.9, True, None))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(train, range(2)))
        # Not ru_maxrss, which begins with the memory of the process that has started this one.
        with open("/proc/self/status") as file:
            print(re.search(r"VmHWM:\\s+(\\d+)", file.read())[1])
    """
    assert int(run(code)) < 1_000_000  # kB; the frames alone are 176 MB


def run(code):
    """Run Python in a process of its own; return what it printed."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
