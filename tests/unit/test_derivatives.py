"""The derivative that the fused engine is generated from, and what the compiled kernel makes of it.

The graph is run here by a plain interpreter in float64 and held against PyTorch's autograd, for
cells that hypothesis draws; the compiled kernel is then held against the readable engine.
"""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_cells import sources
from standard import check_gradients, make

from odyssey.cells import build
from odyssey.cells.graph import lay_out
from odyssey.cells.variants import CHANGES, KIN, PAPER_VARIANTS, cell
from odyssey.features.sequences import LOSSES
from odyssey.training.networks import Network, weight_shapes
from odyssey.training.reference import recur

T, M, N = 4, 3, 5
ALL = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(ALL, max_examples=12)


def of_text(text, folder):
    """Read a cell from a file of its own."""
    file = folder / f"cell_{abs(hash(text))}.py"
    file.write_text(text)
    return cell("MINE", file)


def some_weights(chosen):
    shapes = weight_shapes(Network(chosen, M, N, 2, 1, "softmax"))
    draw = np.random.default_rng(0)
    drawn = {k: 0.5 * draw.standard_normal(s) for k, s in shapes.items() if "forward." in k}
    return {k.removeprefix("forward."): v for k, v in drawn.items()}


OPERATIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "fma": lambda a, b, c: a * b + c,
    "neg": lambda a: -a,
    "maximum": np.maximum,
    "above": lambda a, b: np.where(a > b, 1.0, 0.0),
    "abs": np.abs,
    "mean": lambda a: np.full(N, np.mean(a)),
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "exp": np.exp,
    "sqrt": np.sqrt,
    "softsign": lambda a: a / (1 + np.abs(a)),
}


def interpret(chosen, w, x, d_y):
    """Run a cell's layout forward over x and back from d_y (T, N); return y and all gradients."""
    layout = lay_out(chosen)
    columns = {column.node: column for column in layout.columns}
    before = {name: np.zeros(N) for name in layout.states}
    frames = []

    def value(node, known, leaf):
        if node not in known:
            made = leaf(node)
            if made is None:
                made = OPERATIONS[node.op](*(value(a, known, leaf) for a in node.args))
            known[node] = np.broadcast_to(made, N)
        return known[node]

    for t in range(T):
        known = {}

        def forward(node, t=t, known=known, before=before):
            if node.op == "constant":
                return node.name
            if node.op == "before":
                return before[node.name]
            if node.op == "weight":
                return w[node.name]
            if node.op != "column":
                return None
            column, total = columns[node], np.zeros(N)
            if column.inputs:
                total = total + w[column.inputs] @ x[t]
            if column.bias:
                total = total + w[column.bias]
            for source, name in column.matrices.items():
                total = total + w[name] @ value(source, known, forward)
            return total

        for node in [*layout.order, *layout.sources]:
            value(node, known, forward)
        before = {name: known[node] for name, node in layout.states.items()}
        frames.append(known)

    derived = layout.backward
    gradients = {name: np.zeros_like(matrix) for name, matrix in w.items()}
    later, carried = {}, dict.fromkeys(layout.states, np.zeros(N))
    for t in reversed(range(T)):
        known = dict(frames[t])
        deltas = {}

        def back(node, t=t, known=known, deltas=deltas, later=later, carried=carried):
            if node.op == "constant":
                return node.name
            if node.op == "output":
                return d_y[t]
            if node.op == "after":
                return carried[node.name]
            if node.op != "through":
                return None
            (source,), total = node.args, np.zeros(N)
            for column in layout.columns:
                if source in column.matrices:
                    if source.op == "before":
                        delta = later.get(column.node, 0 * total)
                    elif column.node in derived.deltas:
                        delta = value(derived.deltas[column.node], known, back)
                    else:
                        continue
                    total = total + w[column.matrices[source]].T @ delta
            return total

        for node, delta in derived.deltas.items():
            deltas[node] = value(delta, known, back)
        for node, delta in deltas.items():
            column = columns[node]
            if column.inputs:
                gradients[column.inputs] += np.outer(delta, x[t])
            if column.bias:
                gradients[column.bias] += delta
            for source, name in column.matrices.items():
                gradients[name] += np.outer(delta, frames[t][source])
        for name, node in derived.weights.items():
            gradients[name] += value(node, known, back)
        carried = {name: value(node, known, back) for name, node in derived.carried.items()}
        later = deltas
    y = np.array([known[layout.states["y"]] for known in frames])
    return y, gradients


def check_derivative(chosen):
    draw, w = np.random.default_rng(1), some_weights(chosen)
    x, d_y = draw.standard_normal((T, M)), draw.standard_normal((T, N))
    tensors = {k: torch.tensor(v, requires_grad=True) for k, v in w.items()}
    wanted_y = recur(torch.tensor(x), tensors, chosen)
    wanted = torch.autograd.grad(
        (wanted_y * torch.tensor(d_y)).sum(), list(tensors.values()), materialize_grads=True
    )
    y, gradients = interpret(chosen, w, x, d_y)
    np.testing.assert_allclose(y, wanted_y.detach().numpy(), rtol=1e-11, atol=1e-12)
    for name, gradient in zip(tensors, wanted, strict=True):
        np.testing.assert_allclose(
            gradients[name], gradient.numpy(), rtol=1e-8, atol=1e-10, err_msg=name
        )


@pytest.mark.parametrize("name", [*PAPER_VARIANTS, *KIN, "FB1", "CIFG+FGR", "NIG+NFG+NOG"])
def test_a_shipped_cells_derivative_is_autograds(name):
    check_derivative(cell(name))


@ALL
@given(text=sources())
def test_any_cells_derivative_is_autograds(tmp_path_factory, text):
    check_derivative(of_text(text, tmp_path_factory.getbasetemp()))


@st.composite
def combinations(draw):
    """Draw the name of a block that lacks or changes any parts that may be."""
    names = sorted(draw(st.sets(st.sampled_from(sorted(CHANGES)), min_size=2)))
    if "CIFG" in names:
        names = [name for name in names if name not in ("NIG", "NFG", "FB1")]
    if {"NIG", "NFG", "NOG"} <= set(names):
        names = [name for name in names if name != "FGR"]
    if "NFG" in names:
        names = [name for name in names if name != "FB1"]
    return "+".join(names)


@ALL
@given(name=combinations())
def test_any_blocks_derivative_is_autograds(name):
    check_derivative(cell(name))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Compile a cell for the best instruction set, sooner done than with all optimisation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "FLAGS", (*build.FLAGS, "-O1"))
        folder = tmp_path_factory.mktemp("kernels")

        def compiled(chosen, instruction_set):
            path = folder / f"{chosen.digest}.so"
            if not path.exists():
                build.build(chosen, path, instruction_set)
            return str(path)

        yield compiled


@st.composite
def networks(draw):
    sizes = [draw(st.integers(1, 9)), draw(st.integers(1, 40)), draw(st.integers(2, 20))]
    return *sizes, draw(st.integers(1, 2)), draw(st.sampled_from(LOSSES))


@FEW
@given(
    text=sources(), shape=networks(), lengths=st.lists(st.integers(1, 9), min_size=1, max_size=2)
)
def test_any_cell_has_the_standards_gradients(
    compiled, best_set, tmp_path_factory, text, shape, lengths
):
    network = Network(of_text(text, tmp_path_factory.getbasetemp()), *shape)
    kernel = compiled(network.cell, best_set)
    check_gradients(network, make(network, lengths), kernel, floor=1e-5)


@settings(FEW, max_examples=4)
@given(name=combinations(), shape=networks())
def test_any_block_has_the_standards_gradients(compiled, best_set, name, shape):
    network = Network(cell(name), *shape)
    kernel = compiled(network.cell, best_set)
    check_gradients(network, make(network, (1, 9)), kernel, floor=1e-5)
