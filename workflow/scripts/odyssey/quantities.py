"""Numbers as a reader wants them: a few digits, shares, times and counts."""

import math

UNITS = {"years": 365.25 * 86400, "days": 86400, "hours": 3600, "minutes": 60}


def short(value: float, digits: int = 3) -> str:
    """Write a number to so many digits, for a sentence: ``0.250``, ``12,300``, ``1.3e−4``."""
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.1e}".replace("-", "−").replace("e−0", "e−").replace("e+0", "e")
    places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{places}f}".replace("-", "−")


def brief(value: float, digits: int = 3) -> str:
    """Write a number to so many digits where there is room for no more; nothing if not finite."""
    return f"{value:.{digits}g}" if math.isfinite(value) else ""


def percent(share: float) -> str:
    """Write a share as a percentage, whole from ten on."""
    value = 100 * share
    if 0 < value < 0.1:
        return "under 0.1 %"
    return f"{value:.0f} %" if abs(value) >= 9.95 else f"{value:.1f} %"


def duration(seconds: float, digits: int = 3) -> str:
    """Write a time to so many digits, in the unit that suits it."""
    for unit, size in UNITS.items():
        if seconds >= 2 * size:
            return f"{short(seconds / size, digits)} {unit}"
    return f"{short(seconds, digits)} seconds"


def count(number: int, noun: str) -> str:
    """Write how many there are of something: ``1 trial``, ``1,800 trials``, ``2 searches``."""
    ending = "es" if noun.endswith("ch") else "s"
    return f"{number:,} {noun}{'' if number == 1 else ending}"
