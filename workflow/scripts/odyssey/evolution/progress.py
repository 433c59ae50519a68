"""How far a study that breeds cells is, in a few lines."""

from pathlib import Path

from odyssey.config import Study
from odyssey.evolution.breeding import Bred, pool, read_lines
from odyssey.evolution.outcome import KNOWN


def said(study: Study, folder: Path) -> str:
    """Say which generation is being tried, how many cells have been, and which is the best.

    Parameters
    ----------
    study : Study
    folder : Path
        ``results/<study>``; cells of a job at work are not counted before it ends.
    """
    tried = read_lines(sorted(folder.glob("tried/**/*.jsonl")))
    cells = [cell for cell in tried if cell["generation"] != KNOWN]
    known = [cell for cell in tried if cell["generation"] == KNOWN]
    settings, bred = study.evolution, len(list(folder.glob("bred/*.jsonl")))
    most = settings.generations * settings.population
    lines = [
        f"{study.study}: {bred} of {settings.generations} generations bred, {len(cells):,} of at "
        f"most {most:,} cells tried"
    ]
    if best := pool(cells, 1):
        lines.append(f"best: {_with_result(best[0])}")
    lines += [f"known: {_with_result(cell)}" for cell in known]
    return "\n".join(lines)


def _with_result(cell: Bred) -> str:
    validation = cell["validation"]
    return f"{cell['name']} {'without a result' if validation is None else f'{validation:.3f}'}"
