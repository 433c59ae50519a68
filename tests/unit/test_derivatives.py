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
from odyssey.cells.derivative import derive
from odyssey.cells.graph import lay_out
from odyssey.cells.variants import CHANGES, KIN, PAPER_VARIANTS, cell
from odyssey.features.sequences import LOSSES
from odyssey.training.networks import Network, weight_shapes
from odyssey.training.reference import recur

T, M, N = 4, 3, 5
ALL = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(ALL, max_examples=6)  # each is compiled


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


def evaluate(node, known, leaves):
    """Compute a node from its arguments, and those from theirs; `leaves` compute what has none."""
    if node not in known:
        if node.op in leaves:
            made = leaves[node.op](node)
        else:
            made = OPERATIONS[node.op](*(evaluate(a, known, leaves) for a in node.args))
        known[node] = np.broadcast_to(made, N)
    return known[node]


def step_forward(layout, w, x, before):
    """Compute all nodes of a step."""
    columns, known = {column.node: column for column in layout.columns}, {}

    def total(node):
        column = columns[node]
        terms = [w[m] @ evaluate(s, known, leaves) for s, m in column.matrices.items()]
        terms += [w[column.inputs] @ x] if column.inputs else []
        terms += [w[column.bias]] if column.bias else []
        return sum(terms)

    leaves = {
        "constant": lambda node: node.name,
        "before": lambda node: before[node.name],
        "weight": lambda node: w[node.name],
        "column": total,
    }
    for node in [*layout.order, *layout.sources]:
        evaluate(node, known, leaves)
    return known


def step_back(layout, w, frame, d_y, later, carried):
    """Compute a step's deltas, derivatives of its vectors of weights, and what is carried on."""
    derived, known = derive(layout), dict(frame)

    def through(node):
        (source,), terms = node.args, [0.0]
        for column in layout.columns:
            if source in column.matrices and column.node in derived.deltas:
                if source.op == "before":
                    delta = later.get(column.node, np.zeros(N))
                else:
                    delta = evaluate(derived.deltas[column.node], known, leaves)
                terms.append(w[column.matrices[source]].T @ delta)
        return sum(terms)

    leaves = {
        "constant": lambda node: node.name,
        "output": lambda _: d_y,
        "after": lambda node: carried[node.name],
        "through": through,
    }
    return [
        {key: evaluate(node, known, leaves) for key, node in wanted.items()}
        for wanted in (derived.deltas, derived.weights, derived.carried)
    ]


def interpret(chosen, w, x, d_y):
    """Run a cell's layout forward over x and back from d_y (T, N); return y and all gradients."""
    layout = lay_out(chosen)
    before, frames = dict.fromkeys(layout.states, np.zeros(N)), []
    for t in range(T):
        frames.append(step_forward(layout, w, x[t], before))
        before = {name: frames[t][node] for name, node in layout.states.items()}
    gradients = {name: np.zeros_like(weights) for name, weights in w.items()}
    later, carried = {}, dict.fromkeys(layout.states, np.zeros(N))
    for t in reversed(range(T)):
        later, vectors, carried = step_back(layout, w, frames[t], d_y[t], later, carried)
        for name, gradient in vectors.items():
            gradients[name] += gradient
        for column in layout.columns:
            delta = later.get(column.node, np.zeros(N))
            if column.inputs:
                gradients[column.inputs] += np.outer(delta, x[t])
            if column.bias:
                gradients[column.bias] += delta
            for source, name in column.matrices.items():
                gradients[name] += np.outer(delta, frames[t][source])
    return np.array([frame[layout.states["y"]] for frame in frames]), gradients


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


# What stands in several places, means wherever they may stand, and names that C++ has taken.
EVERYTHING = '''"""Everything twice."""
from odyssey.cells.equations import *


def step(x, before, w):
    double = before.double
    r = w.R @ before.y
    a = w.W @ x
    m = mean(tanh(a) + w.b)
    template = tanh(a + r + w.b + w.b) * sigmoid(r + w.b + double) * softsign(a + w.int)
    at = tanh(w.Q @ m + w.β * template)
    y = tanh(at + 0.5 * mean(w.b) + 0.1 * before.μ + mean(w.V @ x))
    return State(y=y, double=template, μ=m, late=mean(before.late + y) * w.g + before.late)
'''


def test_everything_twice_has_autograds_derivative_and_the_standards_gradients(
    compiled, best_set, tmp_path
):
    chosen = of_text(EVERYTHING.replace("0.1 *", "0.1 * before.late *"), tmp_path)
    check_derivative(chosen)
    for loss, directions in zip(LOSSES, (1, 2, 2, 1), strict=True):
        network = Network(chosen, 5, 21, 7, directions, loss)
        check_gradients(network, make(network, (1, 9)), compiled(chosen, best_set), floor=1e-5)


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


@settings(FEW, max_examples=3)
@given(name=combinations(), shape=networks())
def test_any_block_has_the_standards_gradients(compiled, best_set, name, shape):
    network = Network(cell(name), *shape)
    kernel = compiled(network.cell, best_set)
    check_gradients(network, make(network, (1, 9)), kernel, floor=1e-5)
