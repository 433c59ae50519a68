"""Random changes of a cell: one at a time, each of which leaves a cell that can be trained."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from odyssey.cells.equations import EquationError
from odyssey.evolution.genome import (
    FUNCTIONS,
    OPERATIONS,
    RATHER,
    SUM,
    Genome,
    Line,
    Ref,
    cell_of,
    pruned,
)

# A cell has no more than that.
MOST_LINES, MOST_SUMS, MOST_STATES = 24, 8, 4
# As many changes of a cell are tried for one that leaves another cell.
ATTEMPTS = 200
Item = TypeVar("Item")
Change = Callable[[Genome, np.random.Generator], Genome | None]
"""Takes a cell to another; None where there is nothing to change."""


def _one(generator: np.random.Generator, items: Sequence[Item]) -> Item:
    return items[int(generator.integers(len(items)))]


def _lines(genome: Genome, *ops: str) -> list[int]:
    return [number for number, line in enumerate(genome.lines) if line.op in ops]


def _with(genome: Genome, number: int, line: Line) -> Genome:
    lines = [*genome.lines]
    lines[number] = line
    return replace(genome, lines=tuple(lines))


def _readable(genome: Genome, number: int) -> list[Ref]:
    """List what a line may read: those above it, and all states before."""
    return [*range(number), *genome.states]


def _inserted(genome: Genome, number: int, line: Line) -> Genome:
    """Put a line before another, and let all that stood there move on."""
    names: dict[Ref, Ref] = {old: old + (old >= number) for old in range(len(genome.lines))}
    moved = [each.renamed(names) for each in genome.lines]
    states = {name: at + (at >= number) for name, at in genome.states.items()}
    return Genome((*moved[:number], line, *moved[number:]), states)


def _edge(genome: Genome, generator: np.random.Generator) -> tuple[int, int]:
    """Choose a line and a place in what it reads; the states are read behind the last line."""
    places = [(n, j) for n, line in enumerate(genome.lines) for j in range(len(line.reads))]
    places += [(len(genome.lines), j) for j in range(len(genome.states))]
    return _one(generator, places)


def _read_at(genome: Genome, number: int, place: int) -> Ref:
    if number == len(genome.lines):
        return [*genome.states.values()][place]
    return genome.lines[number].reads[place]


def _redirected(genome: Genome, number: int, place: int, ref: Ref) -> Genome | None:
    """Let a line read something else there; a state can be no other state's past."""
    if number < len(genome.lines):
        line = genome.lines[number]
        return _with(
            genome, number, line.reading([*line.reads[:place], ref, *line.reads[place + 1 :]])
        )
    if isinstance(ref, str):
        return None
    return replace(genome, states={**genome.states, [*genome.states][place]: ref})


def _between(
    genome: Genome, generator: np.random.Generator, made: Callable[[Ref, list[Ref]], Line]
) -> Genome | None:
    """Put a line between a line and what it reads, made of that and of all that it may read."""
    number, place = _edge(genome, generator)
    line = made(_read_at(genome, number, place), _readable(genome, number))
    return _redirected(_inserted(genome, number, line), number + 1, place, number)


def _other_op(genome: Genome, generator: np.random.Generator, ops: Sequence[str]) -> Genome | None:
    """Replace one of some ops by another of them."""
    if not (found := _lines(genome, *ops)):
        return None
    number = _one(generator, found)
    others = [op for op in ops if op != genome.lines[number].op]
    return _with(genome, number, replace(genome.lines[number], op=_one(generator, others)))


def other_function(genome: Genome, generator: np.random.Generator) -> Genome | None:
    """Replace a function by another, or by 1 less its argument."""
    return _other_op(genome, generator, (*FUNCTIONS, RATHER))


def other_operation(genome: Genome, generator: np.random.Generator) -> Genome | None:
    """Replace an operation on two vectors by another."""
    return _other_op(genome, generator, tuple(OPERATIONS))


def rewired(genome: Genome, generator: np.random.Generator) -> Genome | None:
    """Let a line, or a state, be or read something else."""
    number, place = _edge(genome, generator)
    return _redirected(genome, number, place, _one(generator, _readable(genome, number)))


def new_function(genome: Genome, generator: np.random.Generator) -> Genome | None:
    """Put a function between a line and one that it reads."""
    op = _one(generator, [*FUNCTIONS, RATHER])
    return _between(genome, generator, lambda ref, _: Line(op, (ref,)))


def new_operation(genome: Genome, generator: np.random.Generator) -> Genome | None:
    """Let a line read an operation on what it reads and something else."""
    op, turned = _one(generator, [*OPERATIONS]), bool(generator.integers(2))

    def made(ref: Ref, others: list[Ref]) -> Line:
        pair = (ref, _one(generator, others))
        return Line(op, pair[::-1] if turned else pair)

    return _between(genome, generator, made)


def new_gate(genome: Genome, generator: np.random.Generator) -> Genome | None:
    """Multiply what a line reads by a gate: a sigmoid of a sum of the inputs and the output."""
    if len(_lines(genome, SUM)) >= MOST_SUMS:
        return None
    number, place = _edge(genome, generator)
    ref = _read_at(genome, number, place)
    gated = _inserted(genome, number, Line(SUM, ("y",), inputs=True))
    gated = _inserted(gated, number + 1, Line("sigmoid", (number,)))
    gated = _inserted(gated, number + 2, Line("mul", (ref, number + 1)))
    return _redirected(gated, number + 3, place, number + 2)


def removed(genome: Genome, generator: np.random.Generator) -> Genome | None:
    """Take a line out: what has read it reads one that it has read."""
    number = int(generator.integers(len(genome.lines)))
    if not (reads := genome.lines[number].reads):
        return None
    instead = _one(generator, list(reads))
    lines = tuple(line.renamed({number: instead}) for line in genome.lines)
    states = {name: instead if at == number else at for name, at in genome.states.items()}
    if any(isinstance(at, str) for at in states.values()):
        return None  # a state can be no other state's past
    return Genome(lines, {name: int(at) for name, at in states.items()})


def inputs_or_not(genome: Genome, generator: np.random.Generator) -> Genome | None:
    """Give a sum the inputs, or take them away."""
    number = _one(generator, _lines(genome, SUM))
    line = genome.lines[number]
    return _with(genome, number, replace(line, inputs=not line.inputs))


def matrix_or_not(genome: Genome, generator: np.random.Generator) -> Genome | None:
    """Give a sum a matrix on a vector, or take it away."""
    number, ref = _in_a_sum(genome, generator)
    line = genome.lines[number]
    return _with(genome, number, replace(line, args=_toggled(line.args, ref)))


def peephole_or_not(genome: Genome, generator: np.random.Generator) -> Genome | None:
    """Give a sum a vector of weights on a vector, or take it away."""
    number, ref = _in_a_sum(genome, generator)
    line = genome.lines[number]
    return _with(genome, number, replace(line, gains=_toggled(line.gains, ref)))


def _in_a_sum(genome: Genome, generator: np.random.Generator) -> tuple[int, Ref]:
    """Choose a sum, and something that it may read."""
    number = _one(generator, _lines(genome, SUM))
    return number, _one(generator, _readable(genome, number))


def _toggled(refs: tuple[Ref, ...], ref: Ref) -> tuple[Ref, ...]:
    return tuple(old for old in refs if old != ref) if ref in refs else (*refs, ref)


def new_state(genome: Genome, generator: np.random.Generator) -> Genome | None:
    """Carry a line over to the next step, where a line reads it in place of something else."""
    if len(genome.states) >= MOST_STATES:
        return None
    name = next(f"s{n}" for n in range(1, MOST_STATES + 1) if f"s{n}" not in genome.states)
    carried = int(generator.integers(len(genome.lines)))
    grown = replace(genome, states={**genome.states, name: carried})
    return _redirected(grown, *_edge(genome, generator), name)


CHANGES: tuple[Change, ...] = (
    other_function,
    other_operation,
    rewired,
    new_function,
    new_operation,
    new_gate,
    removed,
    inputs_or_not,
    matrix_or_not,
    peephole_or_not,
    new_state,
)


def trainable(genome: Genome) -> bool:
    """Whether a cell is small enough, reads its inputs and its past, and has all it needs."""
    sums = _lines(genome, SUM)
    recurrent = any(isinstance(ref, str) for line in genome.lines for ref in line.reads)
    if len(genome.lines) > MOST_LINES or len(sums) > MOST_SUMS or not recurrent:
        return False
    if not any(genome.lines[number].inputs for number in sums):
        return False
    try:
        cell_of(genome)
    except EquationError:
        return False
    return True


def mutated(genome: Genome, generator: np.random.Generator) -> tuple[Genome, str]:
    """Change a cell at random, until it is another one that can be trained.

    Returns
    -------
    genome : Genome
        Pruned.
    change : str
        The name of what was done.

    Raises
    ------
    ValueError
        If many changes have left none.
    """
    for _ in range(ATTEMPTS):
        change = _one(generator, list(CHANGES))
        made = change(genome, generator)
        if made is None:
            continue
        made = pruned(made)
        if made != genome and trainable(made):
            return made, change.__name__.replace("_", " ")
    raise ValueError(f"{ATTEMPTS} changes of a cell have left none that can be trained")
