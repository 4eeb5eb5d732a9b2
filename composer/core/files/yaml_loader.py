"""Load YAML safely: plain values only, with limits, and with the line of every key and item."""

from typing import Any

import yaml

from composer.core.errors import DesignError
from composer.core.number_text import MAX_DIGITS, NUMBER, parse_number

MAX_VALUES = 2_000_000  # enough for 100,000 nodes; parsing more takes too long
MAX_DEPTH = 40
_BOOL, _NULL, _INT, _FLOAT = (f"tag:yaml.org,2002:{kind}" for kind in ("bool", "null", "int", "float"))
_WORDS = (_BOOL, _NULL)  # yes, no, on, off, true, false, null and ~ are read as before
_TOO_LONG = "an integer is longer than 18 digits"


class LineMapping(dict[str, Any]):
    """A mapping with the line of each of its keys, and the text of each value that is one scalar."""

    lines: dict[str, int]
    line: int
    texts: dict[str, str]


class LineList(list[Any]):
    """A list with the line of each of its items."""

    lines: list[int]


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Safe loading: builds plain values only, and reports the line of what it cannot build.

    What is a number is decided by `composer.core.number_text`; dates are texts.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - the attribute of PyYAML's class, which is replaced for this one
        letter: [(tag, pattern) for tag, pattern in rows if tag in _WORDS]
        for letter, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Build one value; an invalid number is a ValueError without a line."""
        try:
            value = super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"a value cannot be read: {error}", node.start_mark
            ) from None
        if type(value) is int and value.bit_length() > 63:
            raise yaml.constructor.ConstructorError(None, None, _TOO_LONG, node.start_mark)
        return value


def _compose_mapping(loader: _Loader, node: yaml.MappingNode) -> LineMapping:
    mapping = LineMapping()
    mapping.lines, mapping.line, mapping.texts = {}, node.start_mark.line + 1, {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key is a list or a mapping", key_node.start_mark)
        key = key_node.value  # as written: an id may be on, yes or null
        if key in mapping:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r:.80} appears twice", key_node.start_mark)
        mapping[key] = loader.construct_object(value_node, deep=True)
        if isinstance(value_node, yaml.ScalarNode):
            mapping.texts[key] = value_node.value
        mapping.lines[key] = key_node.start_mark.line + 1
    return mapping


def _compose_list(loader: _Loader, node: yaml.SequenceNode) -> LineList:
    rows = LineList(loader.construct_object(item, deep=True) for item in node.value)
    rows.lines = [item.start_mark.line + 1 for item in node.value]
    return rows


def _construct_number(loader: _Loader, node: yaml.ScalarNode) -> int | float:
    value = parse_number(loader.construct_scalar(node))
    if value is None and len(node.value) > MAX_DIGITS:
        raise ValueError(_TOO_LONG)
    if value is None:
        raise ValueError(f"{node.value!r:.40} is not a number")
    return value


_Loader.add_implicit_resolver(_FLOAT, NUMBER, list("+-.0123456789"))
for _tag in (_FLOAT, _INT):
    _Loader.add_constructor(_tag, _construct_number)
_Loader.add_constructor("tag:yaml.org,2002:map", _compose_mapping)
_Loader.add_constructor("tag:yaml.org,2002:seq", _compose_list)


def parse_yaml(text: str, file: str) -> Any:
    """Parse YAML text.

    Args:
        text: the text.
        file: name used in error messages.

    Returns:
        Plain values; mappings are `LineMapping` and lists `LineList`.

    Raises:
        DesignError: if the text is not YAML or exceeds a limit; the message names file and line.
    """
    try:
        _check_limits(text, file)
        return yaml.load(text, Loader=_Loader)  # a SafeLoader: builds plain values only
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = " ".join(str(getattr(error, "problem", None) or "is not YAML").split())
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise DesignError(f"{file}{where}: {what}; expected a Netcomposer design in YAML") from None


def empty_list() -> LineList:
    """Return a list without items."""
    rows = LineList()
    rows.lines = []
    return rows


def _check_limits(text: str, file: str) -> None:
    """Read the events of a text without building values, and stop at what no design needs: aliases, depth, size."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        problem = None
        if isinstance(event, yaml.AliasEvent):
            problem = f"aliases (*{event.anchor}) are not allowed in a design; write the value out"
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                problem = f"nested more than {MAX_DEPTH} deep; expected a Netcomposer design"
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if count > MAX_VALUES:
            problem = f"holds more than {MAX_VALUES:,} values; expected a Netcomposer design"
        if problem:
            mark = event.start_mark
            raise DesignError(f"{file}, line {mark.line + 1 if mark else 1}: {problem}")
