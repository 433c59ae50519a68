"""Work that several processes share."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import starmap
from typing import Any, TypeVar

R = TypeVar("R")
Progress = Callable[[int, int], None]  # told how many are done, and of how many


def results(
    work: Callable[..., R],
    jobs: Sequence[tuple[Any, ...]],
    processes: int,
    progress: Progress | None = None,
    start: str = "fork",
) -> Iterator[R]:
    """Yield what `work` makes of each job's arguments, in order, by one process or several.

    After a fault, jobs that wait are not begun. With ``start="spawn"`` processes run the caller's
    main script again, which has to have a guard against that; a fork of a process that has threads
    may hang.
    """
    for done, result in enumerate(_results(work, jobs, processes, start), start=1):
        if progress is not None:
            progress(done, len(jobs))
        yield result


def _results(
    work: Callable[..., R], jobs: Sequence[tuple[Any, ...]], processes: int, start: str
) -> Iterator[R]:
    if processes == 1 or not jobs:
        yield from starmap(work, jobs)
        return
    context = multiprocessing.get_context(start)
    executor = ProcessPoolExecutor(processes, mp_context=context)
    chunk = max(1, min(8, len(jobs) // (8 * processes)))  # few enough that processes end together
    try:
        yield from executor.map(work, *zip(*jobs, strict=True), chunksize=chunk)
    finally:
        executor.shutdown(cancel_futures=True)
