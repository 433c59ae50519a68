"""A source-filter synthesiser: phones and a voice in, samples out."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

SAMPLE_RATE = 16000
BLOCK = 80  # samples (5 ms) for which the vocal tract stands still

# Per phone: typical duration in ms; pull on the formants of its surroundings; formants 1 to 3 in
# Hz at its beginning and at its end (a man's, after Peterson and Barney 1952; for stops the loci of
# the transitions); levels of voicing, breath and friction; friction's centre and width in Hz, and
# its decay in ms (0: steady); the zero of a nasal in Hz (0: none).
_PHONES = """
h#   140 0.1  500 1500 2500  500 1500 2500  0.00 0.00 0.00    0    0  0    0
pau  110 0.1  500 1500 2500  500 1500 2500  0.00 0.00 0.00    0    0  0    0
epi   40 0.2  450 1500 2500  450 1500 2500  0.00 0.00 0.00    0    0  0    0
iy   100 1.0  280 2250 3000  280 2300 3000  1.00 0.00 0.00    0    0  0    0
ih    80 1.0  400 1950 2550  410 1900 2550  1.00 0.00 0.00    0    0  0    0
eh    95 1.0  550 1800 2480  570 1740 2480  1.00 0.00 0.00    0    0  0    0
ey   130 1.0  480 2000 2600  340 2250 2750  1.00 0.00 0.00    0    0  0    0
ae   135 1.0  690 1750 2430  680 1650 2400  1.00 0.00 0.00    0    0  0    0
aa   125 1.0  750 1100 2450  740 1150 2450  1.00 0.00 0.00    0    0  0    0
aw   155 1.0  740 1300 2450  440  900 2350  1.00 0.00 0.00    0    0  0    0
ay   155 1.0  740 1200 2500  400 2000 2600  1.00 0.00 0.00    0    0  0    0
ah    85 1.0  640 1200 2400  640 1220 2400  1.00 0.00 0.00    0    0  0    0
ao   125 1.0  590  850 2420  580  880 2420  1.00 0.00 0.00    0    0  0    0
oy   165 1.0  540  820 2420  380 2050 2500  1.00 0.00 0.00    0    0  0    0
ow   130 1.0  540 1020 2350  400  800 2300  1.00 0.00 0.00    0    0  0    0
uh    75 1.0  450 1050 2250  450 1080 2250  1.00 0.00 0.00    0    0  0    0
uw   110 1.0  310  880 2240  300  840 2240  1.00 0.00 0.00    0    0  0    0
ux   105 1.0  310 1650 2250  310 1450 2200  1.00 0.00 0.00    0    0  0    0
er   120 1.0  490 1330 1650  480 1330 1600  1.00 0.00 0.00    0    0  0    0
ax    48 0.6  510 1380 2450  510 1380 2450  0.80 0.00 0.00    0    0  0    0
ix    50 0.6  420 1780 2500  420 1780 2500  0.80 0.00 0.00    0    0  0    0
axr   75 0.8  460 1400 1720  450 1400 1680  0.75 0.00 0.00    0    0  0    0
ax-h  40 0.4  500 1400 2450  500 1400 2450  0.00 0.45 0.00    0    0  0    0
l     62 0.9  350 1020 2750  350 1050 2700  0.65 0.00 0.00    0    0  0    0
r     60 0.9  340 1150 1500  350 1200 1550  0.70 0.00 0.00    0    0  0    0
w     60 0.9  290  640 2150  310  700 2200  0.60 0.00 0.00    0    0  0    0
y     55 0.9  260 2300 3050  280 2250 2950  0.60 0.00 0.00    0    0  0    0
hh    65 0.1  500 1500 2500  500 1500 2500  0.00 0.55 0.00    0    0  0    0
hv    60 0.1  500 1500 2500  500 1500 2500  0.35 0.40 0.00    0    0  0    0
el   105 0.9  430  860 2750  400  820 2800  0.75 0.00 0.00    0    0  0    0
m     65 0.9  280  950 2200  280  950 2200  0.50 0.00 0.00    0    0  0  850
em   110 0.9  300 1000 2250  280  950 2200  0.55 0.00 0.00    0    0  0  850
n     58 0.9  280 1600 2600  280 1600 2600  0.50 0.00 0.00    0    0  0 1500
en   100 0.9  300 1600 2600  280 1650 2650  0.55 0.00 0.00    0    0  0 1500
nx    32 0.9  320 1550 2550  320 1550 2550  0.55 0.00 0.00    0    0  0 1500
ng    70 0.9  280 2200 2700  280 2250 2700  0.50 0.00 0.00    0    0  0 3000
eng   95 0.9  330 2150 2650  290 2250 2700  0.55 0.00 0.00    0    0  0 3000
bcl   60 0.6  220  850 2200  220  850 2200  0.09 0.00 0.00    0    0  0    0
dcl   52 0.6  220 1700 2600  220 1700 2600  0.09 0.00 0.00    0    0  0    0
gcl   55 0.6  220 2050 2300  220 2050 2300  0.09 0.00 0.00    0    0  0    0
pcl   65 0.6  250  850 2200  250  850 2200  0.00 0.00 0.00    0    0  0    0
tcl   55 0.6  250 1750 2600  250 1750 2600  0.00 0.00 0.00    0    0  0    0
kcl   62 0.6  250 2050 2300  250 2050 2300  0.00 0.00 0.00    0    0  0    0
b     20 0.7  250  850 2200  300  900 2250  0.25 0.00 0.25  900  900  8    0
d     24 0.7  250 1700 2600  300 1700 2600  0.25 0.00 0.35 4200 1800  8    0
g     28 0.7  250 2050 2300  300 1950 2300  0.25 0.00 0.35 2000  700 12    0
p     45 0.6  300  850 2200  350  900 2250  0.00 0.30 0.25 1100 1200 10    0
t     50 0.6  300 1750 2600  350 1750 2600  0.00 0.25 0.55 4600 1900 18    0
k     53 0.6  300 2050 2300  350 1950 2300  0.00 0.25 0.50 2000  700 20    0
dx    28 0.5  280 1700 2600  280 1700 2600  0.30 0.00 0.05 4000 2000 10    0
q     50 0.3  450 1500 2500  450 1500 2500  0.22 0.05 0.00    0    0  0    0
jh    60 0.7  270 1850 2500  270 1850 2500  0.15 0.00 0.38 2900  900 45    0
ch    80 0.7  280 1850 2500  280 1850 2500  0.00 0.05 0.55 2900  900 60    0
s    110 0.7  280 1700 2600  280 1700 2600  0.00 0.00 0.55 6000 1600  0    0
sh   112 0.7  280 1850 2450  280 1850 2450  0.00 0.00 0.60 3000  900  0    0
z     82 0.7  260 1700 2600  260 1700 2600  0.20 0.00 0.38 6000 1600  0    0
zh    80 0.7  260 1850 2450  260 1850 2450  0.22 0.00 0.40 3000  900  0    0
f     98 0.7  280  950 2250  280  950 2250  0.00 0.00 0.12 4500 5000  0    0
th    88 0.7  280 1450 2600  280 1450 2600  0.00 0.00 0.10 6700 2200  0    0
v     60 0.7  250  950 2250  250  950 2250  0.30 0.00 0.06 4500 5000  0    0
dh    40 0.7  250 1450 2600  250 1450 2600  0.32 0.00 0.05 6700 2200  0    0
"""


@dataclass(frozen=True)
class Articulation:
    """How a phone is spoken; the columns of the table above."""

    duration: float  # ms
    pull: float  # how much it shapes the formants around it
    # start, end: float64 (3,): formants in Hz.
    start: np.ndarray
    end: np.ndarray
    # voicing, breath, friction: levels; a vowel's voicing is 1.
    voicing: float
    breath: float
    friction: float
    # centre, width: of the friction, in Hz.
    centre: float
    width: float
    decay: float  # of the friction, in ms; 0: it is steady
    zero: float  # of a nasal, in Hz; 0: there is none


def _articulations() -> dict[str, Articulation]:
    table = {}
    for line in _PHONES.strip().splitlines():
        phone, *columns = line.split()
        duration, pull, f1, f2, f3, e1, e2, e3, *rest = map(float, columns)
        start, end = np.array([f1, f2, f3]), np.array([e1, e2, e3])
        table[phone] = Articulation(duration, pull, start, end, *rest)
    return table


ARTICULATIONS = _articulations()

_SPREAD = 26.0  # ms in which a phone's pull on the formants falls by a factor e
_FADE = 96  # samples (6 ms) over which levels change
_HIGH_FORMANTS = ((3500.0, 250.0), (4500.0, 350.0))  # Hz: frequency and bandwidth
_NASAL_POLE = 270.0  # Hz
_VOICE_GAIN = 1.6
_LEVEL = 2500.0  # of a vowel, as samples


@dataclass(frozen=True)
class Voice:
    """A speaker."""

    pitch: float  # Hz
    melody: float  # deviation of the pitch's movement, as a share of it
    tract: float  # formants relative to the table's: about 1 for men and 1.16 for women
    # float64 (3,): this speaker's own deviation of formants 1 to 3, as factors.
    formants: np.ndarray
    rate: float  # speed relative to the table's durations
    breathiness: float  # level of breath in voiced sounds
    loudness: float
    noise: float  # level of the room's noise relative to a vowel


def draw_voice(generator: np.random.Generator, sex: str) -> Voice:
    """Draw a speaker of a sex, ``"F"`` or ``"M"``."""
    woman = sex == "F"
    return Voice(
        pitch=generator.uniform(170, 240) if woman else generator.uniform(90, 140),
        melody=generator.uniform(0.05, 0.12),
        tract=generator.uniform(1.10, 1.22) if woman else generator.uniform(0.94, 1.06),
        formants=1 + 0.05 * generator.standard_normal(3),
        rate=generator.uniform(0.85, 1.2),
        breathiness=generator.uniform(0.02, 0.1),
        loudness=generator.uniform(0.7, 1.4),
        noise=10 ** (-generator.uniform(16, 28) / 20),
    )


def draw_boundaries(generator: np.random.Generator, phones: list[str], voice: Voice) -> np.ndarray:
    """Draw where an utterance's phones begin and end, in samples: int64 (phones + 1,), 0 first."""
    typical = np.array([ARTICULATIONS[phone].duration for phone in phones])
    spread = np.exp(0.3 * generator.standard_normal(len(phones)))
    milliseconds = np.maximum(typical * spread / voice.rate, 12)
    samples = np.rint(milliseconds * SAMPLE_RATE / 1000).astype(np.int64)
    return np.concatenate([[0], np.cumsum(samples)])


def synthesise(
    generator: np.random.Generator,
    phones: list[str],
    boundaries: np.ndarray,
    voice: Voice,
    tail: int,
) -> np.ndarray:
    """Synthesise an utterance, in samples.

    Pulses and breath pass through a cascade of five formants and, in nasals, a pole and a zero;
    friction passes through a resonator of its own. The formants glide under the pull of all phones
    nearby (coarticulation).

    Parameters
    ----------
    boundaries : numpy.ndarray of int64, shape (phones + 1,)
    tail : int
        Samples after the last phone.

    Returns
    -------
    numpy.ndarray of int16, shape (boundaries[-1] + tail,)

    References
    ----------
    Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67 (1980); Cohen and Massaro,
    "Modeling coarticulation in synthetic visual speech" (1993), for the glides.
    """
    length = int(boundaries[-1]) + tail
    spoken = [ARTICULATIONS[phone] for phone in phones]
    blocks = -(-length // BLOCK)
    padded = blocks * BLOCK
    breath_noise, friction_noise, room = generator.standard_normal((3, padded))
    voicing = _level([phone.voicing for phone in spoken], boundaries, padded)
    breath = _level([phone.breath for phone in spoken], boundaries, padded)
    breath += voice.breathiness * voicing
    pulses = _pulses(_pitch(generator, boundaries, padded, voice))
    source = _VOICE_GAIN * voicing * pulses + 0.25 * breath * breath_noise
    formants = _formants(generator, spoken, boundaries, blocks, voice)
    zeros = _zeros(spoken, boundaries, blocks, voice)
    speech = _vocal_tract(source, formants, zeros, voice)
    speech += _friction(spoken, boundaries, friction_noise, voice)
    speech += voice.noise * lfilter([1.0], [1.0, -0.6], room)
    samples = np.rint(_LEVEL * voice.loudness * speech[:length])
    return np.clip(samples, -32768, 32767).astype(np.int16)


def _level(levels: list[float], boundaries: np.ndarray, length: int) -> np.ndarray:
    steps = np.zeros(length)
    steps[: boundaries[-1]] = np.repeat(levels, np.diff(boundaries))
    return _fade(steps)


def _fade(steps: np.ndarray) -> np.ndarray:
    total = np.concatenate([[0.0], np.cumsum(np.pad(steps, (_FADE // 2, _FADE // 2)))])
    faded: np.ndarray = ((total[_FADE:] - total[:-_FADE]) / _FADE)[: len(steps)]
    return faded


def _pitch(
    generator: np.random.Generator, boundaries: np.ndarray, length: int, voice: Voice
) -> np.ndarray:
    """Let the pitch fall over the sentence and move from phone to phone, in Hz a sample."""
    middles = (boundaries[:-1] + boundaries[1:]) / 2
    movement = 1 + voice.melody * generator.standard_normal(len(middles))
    fall = np.linspace(1.1, 0.85, length)
    return voice.pitch * fall * np.interp(np.arange(length), middles, movement)


def _pulses(pitch: np.ndarray) -> np.ndarray:
    """Differentiate Rosenberg's glottal flow: it opens for 0.6 of a period and closes for 0.2."""
    phase = np.cumsum(pitch / SAMPLE_RATE) % 1
    opening = 6 * (phase / 0.6) * (1 - phase / 0.6) / 0.6
    closing = -2 * (phase - 0.6) / 0.2**2
    return np.where(phase < 0.6, opening, np.where(phase < 0.8, closing, 0.0)) / 6


def _formants(
    generator: np.random.Generator,
    spoken: list[Articulation],
    boundaries: np.ndarray,
    blocks: int,
    voice: Voice,
) -> np.ndarray:
    """Average the phones' targets, each by its pull and its distance, in Hz, shape (blocks, 3)."""
    starts, ends = boundaries[:-1], boundaries[1:]
    at = np.concatenate([0.75 * starts + 0.25 * ends, 0.25 * starts + 0.75 * ends])
    targets = np.concatenate([[phone.start for phone in spoken], [phone.end for phone in spoken]])
    targets = targets * (1 + 0.06 * generator.standard_normal(targets.shape))
    pull = np.tile([phone.pull for phone in spoken], 2)
    middle = BLOCK * (np.arange(blocks)[:, None] + 0.5)
    away = np.abs(middle - at) * 1000 / SAMPLE_RATE
    weight = pull * np.exp(-away / _SPREAD)
    weight /= weight.sum(axis=1, keepdims=True)
    formants: np.ndarray = weight @ targets * voice.formants * voice.tract
    return formants


def _zeros(
    spoken: list[Articulation], boundaries: np.ndarray, blocks: int, voice: Voice
) -> np.ndarray:
    """Give each block the frequency of its nasal zero; where it meets the pole, both vanish."""
    phone = np.searchsorted(boundaries, BLOCK * (np.arange(blocks) + 0.5), side="right") - 1
    zeros = np.array([phone.zero or _NASAL_POLE for phone in spoken])
    return zeros[np.minimum(phone, len(spoken) - 1)] * voice.tract


def _vocal_tract(
    source: np.ndarray, formants: np.ndarray, zeros: np.ndarray, voice: Voice
) -> np.ndarray:
    """Filter block by block, the filter's state carried over."""
    frequencies = np.empty((len(formants), 6))
    frequencies[:, :3] = formants
    frequencies[:, 3:5] = [frequency * voice.tract for frequency, _ in _HIGH_FORMANTS]
    frequencies[:, 5] = _NASAL_POLE * voice.tract
    widths = np.empty_like(frequencies)
    widths[:, :3] = np.array([60.0, 80.0, 130.0])
    widths[:, 3:5] = [width for _, width in _HIGH_FORMANTS]
    widths[:, 5] = 100.0
    poles = _quadratic(frequencies, widths)  # (blocks, 6, 3)
    numerators = np.zeros_like(poles)
    numerators[:, :, 0] = 1.0
    numerators[:, 5] = _quadratic(zeros, np.full(len(zeros), 100.0))
    gain = poles.sum(axis=2) / numerators.sum(axis=2)  # makes each section's response 1 at 0 Hz
    numerators *= gain[:, :, None]
    speech = source
    for section in range(6):
        state, passed = np.zeros(2), np.empty_like(speech)
        for block in range(len(poles)):
            part = slice(block * BLOCK, (block + 1) * BLOCK)
            b, a = numerators[block, section], poles[block, section]
            passed[part], state = lfilter(b, a, speech[part], zi=state)
        speech = passed
    return speech


def _quadratic(frequency: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Return the polynomial in 1/z whose roots lie at a frequency, with a bandwidth, in Hz."""
    radius = np.exp(-np.pi * width / SAMPLE_RATE)
    middle = -2 * radius * np.cos(2 * np.pi * frequency / SAMPLE_RATE)
    return np.stack([np.ones_like(radius), middle, radius**2], axis=-1)


def _friction(
    spoken: list[Articulation], boundaries: np.ndarray, noise: np.ndarray, voice: Voice
) -> np.ndarray:
    """Add each hissing phone's noise, of unit level before its own level is applied."""
    friction = np.zeros_like(noise)
    for phone, start, end in zip(spoken, boundaries[:-1], boundaries[1:], strict=True):
        if phone.friction == 0:
            continue
        first = max(0, start - _FADE)
        part = slice(first, min(len(noise), end + _FADE))
        level = np.zeros(part.stop - first)
        level[start - first : end - first] = phone.friction
        if phone.decay:
            since = np.arange(end - start) * 1000 / SAMPLE_RATE
            level[start - first : end - first] *= np.exp(-since / phone.decay)
        centre = min(phone.centre * voice.tract**0.5, 7600.0)
        a = _quadratic(np.array(centre), np.array(phone.width))
        unit = np.sqrt(np.pi * phone.width / SAMPLE_RATE)
        hiss = lfilter((1 - a[2]) / 2 * np.array([1.0, 0.0, -1.0]), a, noise[part]) / unit
        friction[part] += _fade(level) * hiss
    return friction
