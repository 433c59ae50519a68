"""A cell's equations stand in figure 1 as its file has them, in TeX."""

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser

from odyssey.cells.typeset import equations, starts, symbol
from odyssey.cells.variants import CHANGES, KIN, cell

# Written by hand from the sources that the files cite.
EXPECTED = {
    "V": [
        r"z = \tanh(W_{z}\,x + R_{z}\,y^{-} + b_{z})",
        r"i = \sigma(W_{i}\,x + R_{i}\,y^{-} + p_{i} \odot c^{-} + b_{i})",
        r"f = \sigma(W_{f}\,x + R_{f}\,y^{-} + p_{f} \odot c^{-} + b_{f})",
        r"c = z \odot i + c^{-} \odot f",
        r"o = \sigma(W_{o}\,x + R_{o}\,y^{-} + p_{o} \odot c + b_{o})",
        r"y = \tanh(c) \odot o",
    ],
    "NIG+NOG+NP": [
        r"z = \tanh(W_{z}\,x + R_{z}\,y^{-} + b_{z})",
        r"f = \sigma(W_{f}\,x + R_{f}\,y^{-} + b_{f})",
        r"c = z + c^{-} \odot f",
        r"y = \tanh(c)",
    ],
    "GRU": [
        r"r = \sigma(W_{r}\,x + R_{r}\,y^{-} + b_{r})",
        r"z = \sigma(W_{z}\,x + R_{z}\,y^{-} + b_{z})",
        r"h = \tanh(W_{h}\,x + R_{h}\,(r \odot y^{-}) + b_{h})",
        r"y = z \odot y^{-} + (1 - z) \odot h",
    ],
    "MGU": [
        r"f = \sigma(W_{f}\,x + R_{f}\,y^{-} + b_{f})",
        r"h = \tanh(W_{h}\,x + R_{h}\,(f \odot y^{-}) + b_{h})",
        r"y = (1 - f) \odot y^{-} + f \odot h",
    ],
    "minLSTM": [
        r"f = \sigma(W_{f}\,x + b_{f})",
        r"i = \sigma(W_{i}\,x + b_{i})",
        r"h = W_{h}\,x + b_{h}",
        r"y = \dfrac{f}{f + i} \odot y^{-} + \dfrac{i}{f + i} \odot h",
    ],
}

# What the file of the layer-normalised LSTM leaves without a name has one here.
MEAN = r"(\mathrm{{mean}}({0}_{{z}}\,{1}) + \mathrm{{mean}}({0}_{{i}}\,{1}) + \mathrm{{mean}}({0}_{{f}}\,{1}) + \mathrm{{mean}}({0}_{{o}}\,{1})) / 4"  # noqa: E501
SCALE = r"1 / ((\mathrm{{mean}}(({0}_{{z}}\,{1} - {2})^{{2}}) + \mathrm{{mean}}(({0}_{{i}}\,{1} - {2})^{{2}}) + \mathrm{{mean}}(({0}_{{f}}\,{1} - {2})^{{2}}) + \mathrm{{mean}}(({0}_{{o}}\,{1} - {2})^{{2}})) / 4 + 10^{{-5}})^{{1/2}}"  # noqa: E501
EXPECTED["LNLSTM"] = [
    r"a_{1} = " + MEAN.format("R", "y^{-}"),
    r"a_{2} = " + SCALE.format("R", "y^{-}", "a_{1}"),
    *(rf"\mathit{{r{k}}} = (R_{{{k}}}\,y^{{-}} - a_{{1}}) \odot a_{{2}}" for k in "zifo"),
    r"a_{3} = " + MEAN.format("W", "x"),
    r"a_{4} = " + SCALE.format("W", "x", "a_{3}"),
    *(rf"\mathit{{w{k}}} = (W_{{{k}}}\,x - a_{{3}}) \odot a_{{4}}" for k in "zifo"),
    *(
        rf"{k} = {s}(\alpha_{{r{k}}} \odot \mathit{{r{k}}} + "
        rf"\alpha_{{w{k}}} \odot \mathit{{w{k}}} + b_{{{k}}})"
        for k, s in zip("zifo", (r"\tanh", *[r"\sigma"] * 3), strict=True)
    ),
    r"c = f \odot c^{-} + i \odot z",
    r"a_{5} = c - \mathrm{mean}(c)",
    r"\mathit{normal} = a_{5} \odot \dfrac{1}{\sqrt{\mathrm{mean}(a_{5}^{2}) + 10^{-5}}}",
    r"y = o \odot \tanh(\alpha_{c} \odot \mathit{normal} + \beta_{c})",
]


def lines(chosen):
    return [str(equation) for equation in equations(chosen)]


def written(folder, body):
    """The lines of a cell with such a step."""
    text = "from odyssey.cells.equations import *\n\n\ndef step(x, before, w):\n"
    file = folder / "cell.py"
    file.write_text(text + "".join(f"    {line}\n" for line in body), encoding="utf-8")
    return lines(cell("MINE", file))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_cell_is_set_in_the_letters_of_its_file(name):
    assert lines(cell(name)) == EXPECTED[name]


@pytest.mark.parametrize("name", ["V", *CHANGES, *KIN])
def test_matplotlib_can_set_every_piece_of_every_cell(name):
    parser = MathTextParser("path")
    for equation in equations(cell(name)):
        for piece in (equation.left, *equation.pieces, str(equation)):
            assert parser.parse(f"${piece}$", 72, FontProperties(size=8)).width > 0


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("a - -b", "a - (-b)"),
        ("-(a + b)", "-(a + b)"),
        ("-a * b", r"(-a) \odot b"),
        ("(a + b) * c", r"(a + b) \odot c"),
        ("a * (b * c)", r"a \odot (b \odot c)"),
        ("a * b / c", r"\dfrac{a \odot b}{c}"),
        ("a / (b * c + a) * b", r"a / (b \odot c + a) \odot b"),
        ("(a + b + c) / 2", "(a + b + c) / 2"),
        ("a * 2 - 0.5 * (b + 1)", r"2\,a - 0.5\,(b + 1)"),
        ("w.M @ (a + b) * w.p", r"M\,(a + b) \odot p"),
        ("w.M @ tanh(w.N @ a)", r"M\,\tanh(N\,a)"),
        ("a**3 + (a * b)**2", r"a^{2} \odot a + (a \odot b)^{2}"),
        ("sum([a, b]) / 1", "a + b"),
        ("maximum(0, a) + exp(-b)", r"\max(a, 0) + \exp(-b)"),
        ("sqrt(a * a + 1e-5)", r"\sqrt{a^{2} + 10^{-5}}"),
        (
            "softsign(a) + relu(b) - 3e-7",
            r"\mathrm{softsign}(a) + \mathrm{relu}(b) - 3 \cdot 10^{-7}",
        ),
    ],
)
def test_brackets_stand_where_they_have_to(tmp_path, expression, expected):
    named = [f"{name} = sigmoid(w.{name.upper()} @ x)" for name in "abc"]
    returned = "return State(y=relu(t + (c - b - a)))"  # so that none of them is lost
    *_, shown, _ = written(tmp_path, [*named, f"t = {expression}", returned])
    assert shown == f"t = {expected}"


def test_what_is_only_another_name_is_said_last_and_no_name_stands_for_two(tmp_path):
    body = [
        "c = tanh(w.W @ x)",  # not the state c
        "h = c * before.c",
        "return State(y=h, c=h + before.y, old=before.y)",
    ]
    assert written(tmp_path, body) == [
        r"h = \tanh(W\,x) \odot c^{-}",
        r"c = h + y^{-}",
        r"y = h",
        r"\mathit{old} = y^{-}",
    ]


@pytest.mark.parametrize(
    ("name", "tex"),
    [
        ("y", "y"),
        ("W_z", "W_{z}"),
        ("alpha_rz", r"\alpha_{rz}"),
        ("h1", "h_{1}"),
        ("R_z_beta", r"R_{z,\beta}"),
        ("gate", r"\mathit{gate}"),
        ("lambda_", r"\lambda"),
    ],
)
def test_a_name_is_set_with_its_index_below(name, tex):
    assert symbol(name) == tex


def test_first_values_that_are_not_drawn_are_told():
    assert starts(cell("FB1")) == {"1": ("b_{f}",)}
    assert starts(cell("GRU")) == {}
