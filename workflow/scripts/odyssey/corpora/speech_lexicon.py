"""Words and sentences of the speech stand-in, with the phones of TIMIT."""

import numpy as np

# Word: pronunciations. A closure (bcl, tcl, ...) comes before the release of its stop, as in TIMIT.
_LEXICON = """
determiner
    the: dh ax | dh ix | dh iy
    a: ax | ix
    his: hh ih z | q ix z
    her: hh axr
    your: y axr
    my: m ay
    our: aw axr | q aa r
    this: dh ih s
    every: q eh v r iy
    no: n ow
adjective
    big: b ih gcl g
    yellow: y eh l ow
    good: g uh dcl d
    cheap: ch iy pcl p
    quiet: k w ay ix tcl t
    thick: th ih kcl k
    young: y ah ng
    usual: y ux zh uw el
    huge: hh y ux dcl jh
    new: n ux
    sharp: sh aa r pcl p
    slow: s epi l ow
    smooth: s epi m uw dh
    pretty: p r ih dx iy
    little: l ih dx el
    early: q er l iy
    brown: b r aw n
    rough: r ah f
    wooden: w uh dcl d en
    certain: s er q en
    far: f aa r
    loyal: l oy el
    happy: hh ae pcl p iy
    wide: w ay dcl d
noun
    dog: d ao gcl g
    boat: b ow tcl t
    boy: b oy
    bottle: b aa dx el
    bottom: b aa dx em
    button: b ah q en
    winter: w ih nx axr
    dinner: d ih nx axr
    money: m ah nx iy
    water: w ao dx axr
    father: f aa dh axr
    teacher: t iy tcl ch axr
    garden: g aa r dcl d en
    picture: p ih kcl ch axr
    king: k ih ng
    song: s ao ng
    thing: th ih ng
    voice: v oy s
    vision: v ih zh ix n
    measure: m eh zh axr
    potato: p ax-h tcl t ey dx ow
    support: s ax-h pcl p ao r tcl t
    house: hh aw s
    behavior: b ix hv ey v y axr
    river: r ih v axr
    book: b uh kcl k
    suit: s ux tcl t
    food: f ux dcl d
    chair: ch eh r
    judge: jh ah dcl jh
    girl: g er l
    apple: q ae pcl p el
    oil: q oy el
    eagle: q iy gcl g el
    church: ch er tcl ch
    fish: f ih sh
    yard: y aa r dcl d
    valley: v ae l iy
    engine: q eh n jh ix n
    blossom: b l aa s em
    path: p ae th
    zoo: z ux
    wolf: w uh l f
    washing: w aa sh eng
    cooking: k uh kcl k eng
verb
    saw: s ao
    took: t uh kcl k
    gave: g ey v
    found: f aw n dcl d
    likes: l ay kcl k s
    needs: n iy dcl d z
    moved: m uw v dcl d
    caught: k ao tcl t
    heard: hh er dcl d
    uses: y uw z ix z
    pushed: p uh sh tcl t
    chose: ch ow z
    enjoyed: q ix n jh oy dcl d
    had: hv ae dcl d
    left: l eh f tcl t
    beat: b iy tcl t
    thanked: th ae ng kcl t
    joined: jh oy n dcl d
adverb
    today: t ax-h dcl d ey
    again: ax gcl g eh n
    soon: s uw n
    always: q ao l w ey z
    tomorrow: t ax-h m aa r ow
    together: t ax-h gcl g eh dh axr
    twice: t w ay s
    easily: q iy z ax l iy
    ahead: ax hv eh dcl d
    alone: ax l ow n
    there: dh eh r
preposition
    in: ix n
    on: q aa n
    with: w ih th
    from: f r ax m
    for: f axr
    behind: b ix hv ay n dcl d
    over: q ow v axr
    under: q ah n dcl d axr
    near: n ih r
    through: th r ux
    above: ax bcl b ah v
"""

# What a sentence is made of; a comma is a pause.
_PATTERNS = """
determiner noun verb
determiner noun verb adverb
determiner noun verb determiner noun
determiner adjective noun verb adverb
determiner noun verb determiner adjective noun
determiner noun verb determiner noun adverb
determiner noun verb , preposition determiner noun
determiner adjective noun verb determiner adjective noun
determiner noun verb determiner noun , preposition determiner noun
determiner adjective noun verb determiner noun , preposition determiner noun
determiner adjective noun verb determiner noun , preposition determiner adjective noun
determiner adjective noun verb determiner noun , preposition determiner adjective noun adverb
determiner adjective noun verb , preposition determiner noun , preposition determiner noun adverb
"""

# Within a sentence a stop that begins a word is preceded by its closure.
_CLOSURES = {
    "b": "bcl",
    "d": "dcl",
    "g": "gcl",
    "p": "pcl",
    "t": "tcl",
    "k": "kcl",
    "ch": "tcl",
    "jh": "dcl",
}

# What is often said in a phone's stead, and how often.
_SLIPS = {
    "aa": "ao",
    "ae": "eh",
    "ah": "ax",
    "ao": "aa",
    "ax": "ix",
    "axr": "er",
    "dh": "d",
    "dx": "d",
    "eh": "ih",
    "er": "axr",
    "hh": "hv",
    "hv": "hh",
    "ih": "ix",
    "ix": "ih",
    "iy": "ih",
    "n": "nx",
    "nx": "n",
    "ow": "uh",
    "sh": "s",
    "th": "f",
    "uh": "ax",
    "uw": "ux",
    "ux": "uw",
    "v": "f",
    "z": "s",
}
_SLIP_RATE = 0.15


def _parse_lexicon() -> tuple[dict[str, list[str]], dict[str, list[list[str]]]]:
    classes: dict[str, list[str]] = {}
    pronunciations: dict[str, list[list[str]]] = {}
    for line in _LEXICON.strip().splitlines():
        word, colon, phones = line.strip().partition(": ")
        if not colon:
            words = classes.setdefault(word, [])
            continue
        words.append(word)
        pronunciations[word] = [one.split() for one in phones.split("|")]
    return classes, pronunciations


CLASSES, PRONUNCIATIONS = _parse_lexicon()
PATTERNS = tuple(line.split() for line in _PATTERNS.strip().splitlines())


def draw_text(generator: np.random.Generator, words: tuple[int, int]) -> list[str]:
    """Draw a sentence: its words, between the least and the greatest number, and "," for a pause.

    Raises
    ------
    ValueError
        If no sentence has so many words.
    """
    low, high = words
    patterns = [one for one in PATTERNS if low <= sum(kind != "," for kind in one) <= high]
    if not patterns:
        raise ValueError(f"no sentence has {low} to {high} words: they have 3 to 11")
    return [
        "," if kind == "," else CLASSES[kind][generator.integers(len(CLASSES[kind]))]
        for kind in patterns[generator.integers(len(patterns))]
    ]


def pronounce(generator: np.random.Generator, text: list[str]) -> list[list[str]]:
    """Choose the phones of each word of a sentence and each pause, and let some phones slip.

    Without slips a network could learn the few words by heart instead of listening.
    """
    spoken = []
    for word in text:
        if word == ",":
            spoken.append(["pau"])
            continue
        phones = PRONUNCIATIONS[word][generator.integers(len(PRONUNCIATIONS[word]))]
        closure = [_CLOSURES[phones[0]]] if phones[0] in _CLOSURES else []
        slips = generator.random(len(phones)) < _SLIP_RATE
        said = [
            _SLIPS.get(phone, phone) if slip else phone
            for phone, slip in zip(phones, slips, strict=True)
        ]
        spoken.append(closure + said)
    return spoken
