"""What a user may write in a file of equations, and what is said about what may not stand there."""

import os
import textwrap

import numpy as np
import pytest
import torch

from odyssey.cells.equations import EquationError
from odyssey.cells.generate import source_text
from odyssey.cells.graph import DEEPEST, MOST_COLUMNS, lay_out
from odyssey.cells.variants import CHANGES, KIN, cell
from odyssey.training.reference import recur

HEAD = '''"""A cell of mine (me, 2024)."""
import numpy as np
import torch
from odyssey.cells.equations import *
'''
STEP = len(HEAD.splitlines()) + 1  # the line of `def step` in `write`


@pytest.fixture
def write(tmp_path):
    """Write a file of equations: the body of `step`, or a whole file after the imports."""

    def write(text, name="mine.py"):
        text = textwrap.dedent(text).strip("\n")
        if "def " not in text and "step" not in text:
            text = "def step(x, before, w):\n" + textwrap.indent(text, "    ")
        (tmp_path / name).write_text(HEAD + text + "\n")
        return tmp_path / name

    return write


def refusal(file):
    """Read a file that is refused; return what is said, which is one line."""
    with pytest.raises(EquationError) as caught:
        lay_out(cell("MINE", file))
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Messages: file and line, and what is wrong.


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("z = tanhh(w.W @ x)\nreturn State(y=z)", 1, "'tanhh' is not defined; did you mean tanh?"),
        ("c = before.c + w.W @ x\nreturn State(y=tanh(c))", 1, "before.c is read here, but the"),
        ("a = w.W @ x\nb = w.W @ before.y\nreturn State(y=a + b)", 2, "line 6: two shapes"),
        ("a = w.p @ x\nreturn State(y=a + w.p)", 2, "w.p is a vector here, but a matrix on x in"),
        ("return State(y=np.tanh(w.W @ x))", 1, "does not support ufuncs"),
        ("return State(y=torch.sin(w.W @ x))", 1, "allowed are + - * / @ ** and exp, maximum"),
        ("a = w.W @ x\nif a > 0:\n    a = 2 * a\nreturn State(y=a)", 2, "no if, no comparison"),
        ("a = w.W @ x\nif a == 0:\n    a = 2 * a\nreturn State(y=a)", 2, "no if, no comparison"),
        ("a = w.W @ x\nreturn State(y=a * (a <= 1))", 2, "no if, no comparison"),
        ("a = w.W @ x\nreturn State(y=a and tanh(a))", 2, "no if, no comparison"),
        ("a = w.W @ x\nreturn State(y=max(a, 0))", 2, "no if, no comparison"),
        ("return State(y=tanh(x + w.W @ x))", 1, "only a matrix acts on it"),
        ("return State(y=tanh(x))", 1, "only a matrix acts on it"),
        ("return State(y=mean(x) * w.b)", 1, "only a matrix acts on it"),
        ("a = w.W @ x\nreturn State(y=a @ before.y)", 2, "left of @ stands a matrix of weights"),
        ("return State(y=x @ w.W)", 1, "left of @ stands a matrix of weights"),
        ("return State(y=(2 * w.W) @ x)", 1, "left of @ stands a matrix of weights"),
        ("a = before.y\na @= w.W\nreturn State(y=a)", 2, "left of @ stands a matrix of weights"),
        ("return State(y=tanh(w.W @ w.b))", 1, "right of @ stands x, a state before or a vector"),
        ("return State(y=tanh(w.W @ before))", 1, "has no place in an equation"),
        ("return State(y=tanh(w.W.T @ x))", 1, "T is not allowed"),
        ("return State(y=(w.W @ x).sum())", 1, "sum is not allowed"),
        ("return State(y=(w.W @ x).mean())", 1, "mean is not allowed"),
        ("return State(y=(w.W @ x)[0])", 1, "not subscriptable; allowed are"),
        ("a, b = w.W @ x\nreturn State(y=a)", 1, "cannot unpack"),
        ("return State(y=(w.W @ x) // 2)", 1, "unsupported operand"),
        ("return State(y=(w.W @ x) ** 0.5)", 1, "only the powers 2 and 3"),
        ("return State(y=(w.W @ x) * np.ones(3))", 1, "a ndarray has no place in an equation"),
        ("return State(y=(w.W @ x) * np.float32(2))", 1, "a float32 has no place in an equation"),
        ("return State(y=(w.W @ x) * True)", 1, "a bool has no place in an equation"),
        ("return State(y=(w.W @ x) * 1e39)", 1, "1e+39 is no number that a float32 can hold"),
        ("return State(y=(w.W @ x) * float('nan'))", 1, "nan is no number"),
        ("return State(h=tanh(w.W @ x))", 0, "must return State(y=...) with y, the output, in it"),
        ("tanh(w.W @ x)", 0, "must return State(y=...) with y, the output, in it"),
        ("return State(y=[w.W @ x])", 0, "state y is not a vector that the step computes"),
        ("return State(y=w.b)", 0, "state y is not a vector that the step computes"),
        ("return State(y=tanh(w.W @ x), c=0)", 0, "state c is not a vector that the step computes"),
        ("a = w.V @ x\nreturn State(y=tanh(w.W @ x))", 1, "y does not depend on w.V"),
        ("c = w.V @ x\nreturn State(y=tanh(w.W @ x), c=c)", 1, "y does not depend on w.V"),
        ("raise RuntimeError('not\\nyet')", 1, "RuntimeError: not yet"),
        ("raise SystemExit(3)", 1, "SystemExit: 3"),
        ("return State(y=tanh(getattr(w, 'a b') @ x))", 1, "'a b' is no name for a weight"),
    ],
)
def test_what_may_not_stand_in_an_equation_is_named_with_file_and_line(write, body, line, said):
    file = write(body)
    message = refusal(file)
    assert message.startswith(f"{file}:{STEP + line}: "), message
    assert said in message


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("def step(x, before, w):\n    return State(y=tanh(w.W @ x)\n", 6, "'(' was never closed"),
        (
            "def stp(x, before, w):\n    return State(y=tanh(w.W @ x))",
            1,
            "defines no function step",
        ),
        ("step = print", 1, "defines no function step"),
        ("import nowhere\ndef step(x, before, w): pass", 5, "No module named 'nowhere'"),
        ("raise ValueError('a\\nb')\ndef step(x, before, w): pass", 5, "ValueError: a b"),
        ("raise SystemExit(3)\ndef step(x, before, w): pass", 5, "SystemExit: 3"),
        ("def step(x, before):\n    return State(y=before.y)", 1, "takes 2 positional arguments"),
        ("def step(x, before, w):\n    return State(y=before.y)", 1, "have no weights"),
        (
            "START = {'b_f': 1}\ndef step(x, before, w):\n    return State(y=w.W @ x)",
            6,
            "b_f, which",
        ),
        (
            "START = ['b']\ndef step(x, before, w):\n    return State(y=w.W @ x + w.b)",
            6,
            "START must",
        ),
        (
            "START = {'b': 'one'}\ndef step(x, before, w):\n    return State(y=w.W @ x + w.b)",
            6,
            "gives b the value 'one', which is no number",
        ),
        (
            "from random import random\n"
            "def step(x, before, w):\n    return State(y=random() * (w.W @ x))",
            1,
            "others each time",
        ),
        (
            "def bar(x):\n    return foo(x)\ndef step(x, before, w):\n    return State(y=bar(w.W @ x))",
            6,
            "'foo' is not defined",
        ),
    ],
)
def test_a_file_that_is_no_cells_is_refused_with_file_and_line(write, text, line, said):
    file = write(text)
    message = refusal(file)
    assert message.startswith(f"{file}:{line}: "), message
    assert said in message


def test_a_matrix_on_two_vectors_is_for_the_readable_engine_alone(write):
    tied = cell("MINE", write("c = w.R @ before.y\nreturn State(y=w.W @ x + w.R @ tanh(c))"))
    with pytest.raises(EquationError, match=r"mine\.py:6: the matrix w\.R acts on 2 vectors"):
        lay_out(tied)


def test_what_the_fused_engine_has_no_room_for_is_for_the_readable_engine_alone(write):
    def sums(number):
        return f"return State(y=sum(tanh(getattr(w, f'W{{n}}') @ x) for n in range({number})))"

    def nested(number):
        return f"a = w.W @ x\nfor _ in range({number} - 2):\n    a = tanh(a)\nreturn State(y=a)"

    assert source_text(cell("MINE", write(sums(MOST_COLUMNS), "most.py")))
    with pytest.raises(EquationError, match=r"more\.py:1: .* 33 sums of products"):
        lay_out(cell("MINE", write(sums(MOST_COLUMNS + 1), "more.py")))
    assert source_text(cell("MINE", write(nested(DEEPEST), "deepest.py")))
    with pytest.raises(EquationError, match=r"deeper\.py:1: .* nested 101 deep"):
        lay_out(cell("MINE", write(nested(DEEPEST + 1), "deeper.py")))


# The digest.

GRU = """
r = sigmoid(w.W_r @ x + w.R_r @ before.y + w.b_r)
h = tanh(w.W_h @ x + w.R_h @ (r * before.y) + w.b_h)
return State(y=r * before.y + (1 - r) * h)
"""


@pytest.mark.parametrize(
    "other",
    [
        GRU.replace("r =", "gate =")
        .replace("(r *", "(gate *")
        .replace("=r *", "=gate *")
        .replace("- r)", "- gate)"),
        "# Cho et al.\n" + GRU.replace("\nreturn", "  # the candidate\n\nreturn"),
        GRU.replace("h = tanh(", "bar = (").replace("\nreturn", "\nh = tanh(bar)\nreturn"),
    ],
)
def test_names_of_temporaries_and_comments_leave_the_digest_as_it_is(write, other):
    assert other != GRU
    assert cell("A", write(GRU, "a.py")).digest == cell("B", write(other, "b.py")).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tanh(w.W_h", "sigmoid(w.W_h"),
        ("(1 - r)", "(1.5 - r)"),
        ("(1 - r)", "(r - 1)"),
        ("w.R_h @ (r * before.y)", "r * (w.R_h @ before.y)"),
        (" + w.b_h", ""),
        ("w.b_h", "w.c_h"),
        ("y=r", "c=h, y=r"),
    ],
)
def test_an_equation_changes_the_digest(write, old, new):
    other = GRU.replace(old, new)
    assert other != GRU
    assert cell("A", write(GRU, "a.py")).digest != cell("B", write(other, "b.py")).digest


def test_a_start_changes_the_digest(write):
    step = "def step(x, before, w):\n    return State(y=tanh(w.W @ x + w.b))"
    digests = {
        cell(name, write(start + step, f"{name}.py")).digest
        for name, start in (("A", ""), ("B", "START = {'b': 1}\n"), ("C", "START = {'b': 2}\n"))
    }
    assert len(digests) == 3


def test_no_two_shipped_cells_have_the_same_digest():
    names = ("V", *CHANGES, *KIN)
    assert len({cell(name).digest for name in names}) == len(names)


def test_an_edited_file_is_read_again(write):
    file = write("return State(y=tanh(w.W @ x))")
    before = cell("MINE", file).digest
    write("return State(y=sigmoid(w.W @ x))")
    os.utime(file, ns=(1, 1))  # whatever the resolution of the file system's clock
    assert cell("MINE", file).digest != before


# What a user may write: the readable engine and a plain calculation agree.

LIST_OF_GATES = """
def bar(w, gate, x, y):
    W, R, b = (getattr(w, f"{kind}_{gate}") for kind in "WRb")
    return W @ x + R @ y + b

def step(x, before, w):
    i, f, o = (sigmoid(bar(w, gate, x, before.y)) for gate in "ifo")
    z = tanh(bar(w, "z", x, before.y))
    c = i * z + f * before.c
    return State(y=o * tanh(c), c=c)
"""


def test_loops_lists_and_helper_functions_make_the_cell_that_they_write_out(write):
    x = torch.tensor(np.random.default_rng(0).standard_normal((5, 3)))
    mine, block = cell("MINE", write(LIST_OF_GATES)), cell("NP")
    shapes = {"input": (4, 3), "recurrent": (4, 4), "vector": (4,)}
    draw = np.random.default_rng(1)
    w = {k: torch.tensor(draw.standard_normal(shapes[kind])) for k, kind in mine.weights.items()}
    assert set(w) == set(block.weights)
    torch.testing.assert_close(recur(x, w, mine), recur(x, w, block))


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (
            "a = w.W @ x\na += w.b\na *= 3\na -= 1\na /= 2\nreturn State(y=a)",
            lambda a: (3 * a - 1) / 2,
        ),
        ("return State(y=np.pi * (w.W @ x + w.b))", lambda a: np.pi * a),
        ("return State(y=np.float64(0.5) * (w.W @ x + w.b))", lambda a: 0.5 * a),
        ("return State(y=(w.W @ x + w.b) ** 3)", lambda a: a**3),
        ("return State(y=maximum(w.W @ x + w.b, 0.25))", lambda a: np.maximum(a, 0.25)),
        ("return State(y=maximum(0.25, w.W @ x + w.b))", lambda a: np.maximum(a, 0.25)),
        ("return State(y=relu(w.W @ x + w.b))", lambda a: np.maximum(a, 0)),
        ("return State(y=exp(w.W @ x + w.b))", np.exp),
        ("return State(y=softsign(w.W @ x + w.b))", lambda a: a / (1 + abs(a))),
        ("return State(y=sqrt(2 + tanh(w.W @ x + w.b)))", lambda a: np.sqrt(2 + np.tanh(a))),
        ("return State(y=1 / (2 + tanh(w.W @ x + w.b)))", lambda a: 1 / (2 + np.tanh(a))),
        ("return State(y=mean(w.W @ x + w.b))", lambda a: np.full(4, np.mean(a))),
        ("return State(y=-(w.W @ x) - w.b)", lambda a: -a),
        ("f = lambda a: tanh(a)\nreturn State(y=f(w.W @ x + w.b))", np.tanh),
        ("return State(y=sum([w.W @ x, w.b]))", lambda a: a),
    ],
)
def test_an_operation_means_what_it_says(write, body, wanted):
    draw = np.random.default_rng(2)
    x, W, b = draw.standard_normal((1, 3)), draw.standard_normal((4, 3)), draw.standard_normal(4)
    text = "def step(x, before, w):\n" + textwrap.indent(body, "    ")
    weights = {"W": torch.tensor(W), "b": torch.tensor(b)}
    y = recur(torch.tensor(x), weights, cell("MINE", write(text)))
    np.testing.assert_allclose(y[0].numpy(), wanted(W @ x[0] + b), rtol=1e-12)


def test_the_title_is_the_first_line_of_the_file_or_its_name(write, tmp_path):
    assert cell("MINE", write("return State(y=tanh(w.W @ x))")).title == "A cell of mine (me, 2024)"
    file = tmp_path / "untitled.py"
    file.write_text(
        "from odyssey.cells.equations import *\n"
        "def step(x, before, w):\n    return State(y=tanh(w.W @ x))\n"
    )
    assert cell("MINE", file).title == "untitled"
