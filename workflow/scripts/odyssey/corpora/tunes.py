"""Which chorales share a setting or a tune, and a split that keeps a tune on one side.

Bach set many tunes several times, and some settings stand in the catalogue twice. A split that
ignores this tests in part on music that was trained on.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

Frames = list[tuple[int, ...]]

# Over the pairs of music21's chorales both likenesses have two humps with a gap between; the
# thresholds stand in the gaps.
SAME_SETTING = 0.5
SAME_TUNE = 0.4
TUNE_STEPS = 6  # intervals in a row; a phrase has about seven

_Step = tuple[tuple[int, ...], ...]  # two frames, as far above the first's lowest note


def copies(chorales: Mapping[str, Frames]) -> dict[str, str]:
    """Find the chorales that are nearly the same setting as an earlier one, which is to be kept.

    Two settings are the same if, transposition taken away, they share at least `SAME_SETTING` of
    the different frame-to-frame steps that either has (Jaccard index).

    Returns
    -------
    dict of str to str
        Name of the copy to the name of the one to keep, which stands first.
    """
    kept: dict[str, set[_Step]] = {}
    found = {}
    for name, frames in chorales.items():
        steps = _steps(frames)
        for original, others in kept.items():
            if steps and len(steps & others) >= SAME_SETTING * len(steps | others):
                found[name] = original
                break
        else:
            kept[name] = steps
    return found


def _steps(frames: Frames) -> set[_Step]:
    return {
        tuple(tuple(note - first[0] for note in frame) for frame in (first, second))
        for first, second in pairwise(frames)
        if first and second
    }


def groups(chorales: Mapping[str, Frames]) -> list[list[str]]:
    """Group the names of the chorales that share a tune, in the order of `chorales`.

    The tune is the highest note of each frame, repeated notes once. Two tunes are the same if at
    least `SAME_TUNE` of the different runs of `TUNE_STEPS` intervals in the one with fewer are
    also in the other; a group is closed under this.
    """
    runs = {name: _runs(frames) for name, frames in chorales.items()}
    together: list[list[str]] = []
    for name in chorales:
        related = [
            group for group in together if any(_alike(runs[name], runs[other]) for other in group)
        ]
        together = [group for group in together if group not in related]
        together.append([other for group in related for other in group] + [name])
    position = {name: index for index, name in enumerate(chorales)}
    ordered = (sorted(group, key=position.__getitem__) for group in together)
    return sorted(ordered, key=lambda group: position[group[0]])


def _runs(frames: Frames) -> set[tuple[int, ...]]:
    tune: list[int] = []
    for frame in frames:
        if frame and (not tune or tune[-1] != frame[-1]):
            tune.append(frame[-1])
    intervals = [after - note for note, after in pairwise(tune)]
    count = len(intervals) - TUNE_STEPS + 1
    return {tuple(intervals[start : start + TUNE_STEPS]) for start in range(count)}


def _alike(one: set[tuple[int, ...]], other: set[tuple[int, ...]]) -> bool:
    fewer = min(len(one), len(other))
    return fewer > 0 and len(one & other) >= SAME_TUNE * fewer


def split(
    chorales: Mapping[str, Frames], shares: Mapping[str, int], seed: int
) -> dict[str, dict[str, Frames]]:
    """Split chorales by chance, with all settings of a tune on one side.

    The groups are shuffled, then taken by falling size; each goes to the split that is furthest
    from full. Single chorales come last, so that with enough of them the numbers are exact. The
    names of a split stand in the order of `chorales`.
    """
    wanted = proportional(len(chorales), shares)
    together = groups(chorales)
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    shuffled = [together[index] for index in generator.permutation(len(together))]
    side: dict[str, str] = {}
    room = dict(wanted)
    for group in sorted(shuffled, key=len, reverse=True):
        emptiest = max(room, key=lambda name: room[name] / max(wanted[name], 1))
        room[emptiest] -= len(group)
        side.update(dict.fromkeys(group, emptiest))
    return {
        part: {name: chorales[name] for name in chorales if side[name] == part} for part in shares
    }


def proportional(count: int, shares: Mapping[str, int]) -> dict[str, int]:
    """Divide a number in proportion to shares, by largest remainders."""
    total = sum(shares.values())
    numbers = {name: count * share // total for name, share in shares.items()}
    remainders = {name: count * share % total for name, share in shares.items()}
    missing = count - sum(numbers.values())
    for name in sorted(shares, key=remainders.__getitem__, reverse=True)[:missing]:
        numbers[name] += 1
    return numbers
