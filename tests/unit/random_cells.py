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


@st.composite
def sources(draw):
    """Draw a cell's file: 1 to 3 states, and up to 8 vectors that a step makes."""
    states = ["y", "c", "m"][: draw(st.integers(1, 3))]
    vectors = [f"before.{name}" for name in states]
    unused = list(vectors)
    names = iter(range(1000))
    lines = []

    def weight(kind):
        return f"w.{kind}{next(names)}"

    def vector(choices=None):
        chosen = draw(st.sampled_from(choices or vectors))
        if chosen in unused:
            unused.remove(chosen)
        return chosen

    def affine():
        terms = [f"{weight('W')} @ x" for _ in range(draw(st.integers(0, 2)))]
        terms += [f"{weight('R')} @ {vector()}" for _ in range(draw(st.integers(0, 2)))]
        terms += [f"{weight('p')} * {vector()}" for _ in range(draw(st.integers(0, 1)))]
        terms += [weight("b") for _ in range(draw(st.integers(0, 2)))]
        terms += [vector() for _ in range(draw(st.integers(0, 1)))]
        if not any("@" in term or term.startswith("v") or "before" in term for term in terms):
            terms.append(f"{weight('W')} @ x")
        terms = draw(st.permutations(terms))
        text = terms[0]
        for term in terms[1:]:
            text += f" {draw(st.sampled_from(SUMS))} {term}"
        return text

    def expression():
        kind = draw(st.sampled_from(("affine", "affine", "function", "operation")))
        if kind == "function":
            return draw(st.sampled_from(FUNCTIONS)).format(vector())
        if kind == "operation":
            return f"tanh({draw(st.sampled_from(OPERATIONS)).format(vector(), vector())})"
        text = affine()
        return draw(st.sampled_from((text, f"tanh({text})", f"sigmoid({text})")))

    for number in range(draw(st.integers(0, 8))):
        lines.append(f"v{number} = {expression()}")
        vectors.append(f"v{number}")
        unused.append(f"v{number}")
    made = [v for v in vectors if v.startswith("v")]
    returned = {
        name: draw(st.sampled_from(("{}", "tanh({})"))).format(vector(made or ["before.y"]))
        for name in states[1:]
    }
    # So that y depends on all there is.
    rest = "".join(f" + {v}" for v in dict.fromkeys([*unused, *vectors[1 : len(states)]]))
    lines.append(f"y = tanh({weight('W')} @ x{rest}) * {draw(st.sampled_from(('1', '0.5')))}")
    lines.append(
        f"return State({', '.join(f'{k}={v}' for k, v in {**returned, 'y': 'y'}.items())})"
    )
    return HEAD + "".join(f"    {line}\n" for line in lines)
