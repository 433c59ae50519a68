"""Generations of cells: the better of those tried have children, which are changed at random."""

import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from odyssey import seeds
from odyssey.evolution.genome import SIMPLEST, Genome, cell_of, from_plain, to_plain
from odyssey.evolution.mutation import mutated
from odyssey.files import write_atomically

# Raised by hand whenever the same seed would breed other cells: generations are then bred again.
BREEDING = 1
# Changes that make a cell of the first generation of the simplest one: at least, and at most.
FIRST = (4, 16)
# Parents are drawn as many times for a child that is none of the cells there have been.
DRAWS = 50
BRED = "bred"  # in place of a variant's name: all cells are tried with the same trials

Bred = dict[str, Any]
"""A cell of a generation: `name`, `parent` (or ""), `change`, `genome` (plain), `digest`; once it
has been tried, also `validation`, the best of its trials, or None if all of them failed."""


def generator_of(study_seed: int, task: str, generation: int) -> np.random.Generator:
    """Return what a generation is drawn from, whatever has been drawn before."""
    sequence = seeds.trial_sequence(study_seed, task, BRED, generation, "evolution")
    return np.random.Generator(np.random.PCG64(sequence))


def _named(
    genome: Genome, generation: int, number: int, parent: str, change: str, digest: str
) -> Bred:
    return {
        "generation": generation,
        "name": f"g{generation}c{number}",
        "parent": parent,
        "change": change,
        "genome": to_plain(genome),
        "digest": digest,
    }


def first(population: int, generator: np.random.Generator) -> list[Bred]:
    """Breed the first generation: the simplest network, changed many times.

    Parameters
    ----------
    population : int
        Cells, all of which are different.
    generator : numpy.random.Generator

    Returns
    -------
    list of Bred
    """
    found: list[Bred] = []
    seen: set[str] = set()
    while len(found) < population:
        genome = SIMPLEST
        for _ in range(int(generator.integers(FIRST[0], FIRST[1] + 1))):
            genome, _ = mutated(genome, generator)
        digest = cell_of(genome).digest
        if digest not in seen:
            seen.add(digest)
            found.append(_named(genome, 0, len(found), "", "at random", digest))
    return found


def pool(tried: Sequence[Bred], population: int) -> list[Bred]:
    """Choose who may breed: the best of all cells that have been tried, the best first.

    Of cells with the very same result, which are one cell written in several ways, the first is
    enough: its copies would crowd out the others.

    Parameters
    ----------
    tried : sequence of Bred
        In the order in which they were bred.
    population : int

    Returns
    -------
    list of Bred
        No more than `population`.
    """
    able = [cell for cell in tried if cell["validation"] is not None]
    different = {cell["validation"]: cell for cell in reversed(able)}
    return [different[validation] for validation in sorted(different)][:population]


def children(
    tried: Sequence[Bred],
    population: int,
    tournament: int,
    generation: int,
    generator: np.random.Generator,
) -> list[Bred]:
    """Breed a generation from all that have been tried.

    Parameters
    ----------
    tried : sequence of Bred
        Of all generations before.
    population : int
        Of the pool of parents, and children; fewer if no more new cells are found.
    tournament : int
        Of so many of the pool, drawn at random, the best becomes a parent.
    generation : int
        Its number, from 1.
    generator : numpy.random.Generator

    Returns
    -------
    list of Bred
        None has the equations of one before.

    Raises
    ------
    ValueError
        If no trial of any cell has a result.
    """
    parents = pool(tried, population)
    if not parents:
        raise ValueError("no cell of the generations before has a result: all their trials failed")
    seen = {cell["digest"] for cell in tried}
    found: list[Bred] = []
    for _ in range(population * DRAWS):
        drawn = generator.integers(len(parents), size=tournament)
        parent = parents[int(drawn.min())]  # the best comes first
        genome, change = mutated(from_plain(parent["genome"]), generator)
        digest = cell_of(genome).digest
        if digest not in seen:
            seen.add(digest)
            found.append(_named(genome, generation, len(found), parent["name"], change, digest))
        if len(found) == population:
            break
    return found


def read_lines(paths: Collection[str | os.PathLike[str]]) -> list[Bred]:
    """Read cells, a JSON line each."""
    return [
        json.loads(line)
        for path in paths
        for line in Path(path).read_text(encoding="utf-8").splitlines()
    ]


def write_lines(cells: Sequence[Bred], path: str | os.PathLike[str]) -> None:
    """Write cells, a JSON line each."""
    text = "".join(json.dumps(cell, allow_nan=False) + "\n" for cell in cells)
    write_atomically(Path(path), lambda file: file.write(text.encode()))
