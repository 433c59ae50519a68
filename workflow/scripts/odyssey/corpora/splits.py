"""The three splits, by fractions, and an order by chance to divide."""

import hashlib

SPLITS = ("train", "validation", "test")


def divided(count: int, fractions: tuple[float, float, float]) -> tuple[int, int, int]:
    """Divide a number into training, validation and test, which add up to it.

    Both borders are rounded to the nearest; of three things or more each has one at least.
    """
    first = round(count * fractions[0])
    second = round(count * (fractions[0] + fractions[1]))
    parts = [first, second - first, count - second]
    while count >= len(parts) and 0 in parts:
        parts[parts.index(0)] += 1
        parts[parts.index(max(parts))] -= 1
    train, validation, test = parts
    return train, validation, test


def by_chance(seed: int, name: str) -> bytes:
    """Return a key that orders names by chance: their order depends on them and the seed alone."""
    return hashlib.sha256(f"{seed} {name}".encode()).digest()
