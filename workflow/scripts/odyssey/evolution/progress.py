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
    settings = study.evolution
    there = [folder / f"bred/{number}.jsonl" for number in range(settings.generations)]
    there = [path for path in there if path.exists()]
    bred = {(cell["name"], cell["digest"]) for cell in read_lines(there)}
    tried = {
        (cell["name"], cell.get("digest")): cell
        for cell in read_lines(sorted(folder.glob("tried/**/*.jsonl")))
    }
    # Files of an earlier configuration may lie beside those of this one.
    cells = [cell for key, cell in tried.items() if key in bred]
    known = [cell for cell in tried.values() if cell["generation"] == KNOWN]
    most = settings.generations * settings.population
    lines = [
        f"{study.study}: {len(there)} of {settings.generations} generations bred, "
        f"{len(cells):,} of at most {most:,} cells tried"
    ]
    if best := pool(cells, 1):
        lines.append(f"best: {_with_result(best[0])}")
    lines += [f"known: {_with_result(cell)}" for cell in known]
    return "\n".join(lines)


def _with_result(cell: Bred) -> str:
    validation = cell["validation"]
    return f"{cell['name']} {'without a result' if validation is None else f'{validation:.3f}'}"
