"""Keys that stand twice in a YAML file, of which YAML's readers silently keep the last."""

from collections.abc import Iterator

import yaml


def repeated(text: str) -> list[str]:
    """List the keys that stand twice in one section of YAML text, a line each.

    The line is ``"the key training.epochs stands in line 3 and again in line 9"``.

    Raises
    ------
    yaml.YAMLError
        If the text is no YAML.
    """
    # JSON is YAML but for the tabs that it may be indented with.
    document = yaml.compose(text.expandtabs(), Loader=yaml.SafeLoader)
    return [] if document is None else list(_repeated(document, (), set()))


def _repeated(node: yaml.Node, above: tuple[str, ...], seen: set[int]) -> Iterator[str]:
    if id(node) in seen:  # one that an alias refers to
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _repeated(entry, above, seen)
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[tuple[str, str], int] = {}
    for key, value in node.value:
        within = above
        if isinstance(key, yaml.ScalarNode):
            within, line = (*above, key.value), key.start_mark.line + 1
            known = key.tag, key.value
            if known in lines:
                place = f"line {lines[known]} and again in line {line}"
                yield f"the key {'.'.join(within)} stands in {place}"
            lines.setdefault(known, line)
        yield from _repeated(value, within, seen)
