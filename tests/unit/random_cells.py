"""Random cells for hypothesis, as the text of a file: any graph that the algebra allows."""

from hypothesis import strategies as st

HEAD = '''"""A random cell."""

from odyssey.cells.equations import *


def step(x, before, w):
'''
# Of a vector, bounded, so that no state runs away; the arguments of what may be infinite are safe.
FUNCTIONS = (
    "tanh({})",
    "sigmoid({})",
    "softsign({})",
    "relu(tanh({}))",
    "exp(-sigmoid({}))",
    "sqrt(1.5 + tanh({}))",
    "maximum(tanh({}), 0.25)",
    "maximum(-0.3, softsign({}))",
    "tanh({})**2",
    "softsign({})**3",
    "-tanh({})",
    "1 / (1.25 + sigmoid({}))",
    "tanh(mean({}))",
    "tanh({0} - mean({0}))",
)
OPERATIONS = (
    "{} * {}",
    "{} + {}",
    "{} - {}",
    "0.5 * {} + 2 * {}",
    "{} / (2 + tanh({}))",
    "maximum(tanh({}), sigmoid({}))",
    "tanh({}) * mean({})",
)
SUMS = ("+", "-")


class Draft:
    """What is drawn so far: vectors to choose from, those that nothing uses yet, names."""

    def __init__(self, draw, states):
        self.draw = draw
        self.vectors = [f"before.{name}" for name in states]
        self.unused = list(self.vectors)
        self.weights = []

    def weight(self, kind):
        self.weights.append(f"w.{kind}{len(self.weights)}")
        return self.weights[-1]

    def vector_of_weights(self):
        """A new one, or one that stands elsewhere too."""
        known = [name for name in self.weights if name.startswith("w.b")]
        return self.draw(st.sampled_from([None, *known])) or self.weight("b")

    def vector(self, choices=None):
        chosen = self.draw(st.sampled_from(choices or self.vectors))
        if chosen in self.unused:
            self.unused.remove(chosen)
        return chosen

    def some(self, most, make):
        return [make() for _ in range(self.draw(st.integers(0, most)))]

    def affine(self):
        terms = self.some(2, lambda: f"{self.weight('W')} @ x")
        terms += self.some(2, lambda: f"{self.weight('R')} @ {self.vector()}")
        terms += self.some(1, lambda: f"{self.vector_of_weights()} * {self.vector()}")
        terms += self.some(1, self.vector)
        terms = terms or [f"{self.weight('W')} @ x"]
        terms += self.some(2, self.vector_of_weights)
        first, *others = self.draw(st.permutations(terms))
        return first + "".join(f" {self.draw(st.sampled_from(SUMS))} {term}" for term in others)

    def expression(self):
        kind = self.draw(st.sampled_from(("affine", "affine", "function", "operation")))
        if kind == "function":
            return self.draw(st.sampled_from(FUNCTIONS)).format(self.vector())
        if kind == "operation":
            operation = self.draw(st.sampled_from(OPERATIONS))
            return f"tanh({operation.format(self.vector(), self.vector())})"
        return self.draw(st.sampled_from(("{}", "tanh({})", "sigmoid({})"))).format(self.affine())


@st.composite
def sources(draw):
    """Draw a cell's file: 1 to 3 states, and up to 8 vectors that a step makes."""
    states = ["y", "c", "m"][: draw(st.integers(1, 3))]
    draft, made, lines = Draft(draw, states), [], []
    for number in range(draw(st.integers(0, 8))):
        lines.append(f"v{number} = {draft.expression()}")
        made.append(f"v{number}")
        draft.vectors.append(made[-1])
        draft.unused.append(made[-1])
    returned = {
        name: draw(st.sampled_from(("{}", "tanh({})"))).format(draft.vector(made or ["before.y"]))
        for name in states[1:]
    }
    # So that y depends on all there is.
    rest = dict.fromkeys([*draft.unused, *(f"before.{name}" for name in returned)])
    rest = "".join(f" + {vector}" for vector in rest)
    lines.append(f"y = tanh({draft.weight('W')} @ x{rest}) * {draw(st.sampled_from((1, 0.5)))}")
    lines.append(f"return State({''.join(f'{k}={v}, ' for k, v in returned.items())}y=y)")
    return HEAD + "".join(f"    {line}\n" for line in lines)
