"""A source: YAML text as plain data in which every key and every value knows its place.

The dialect is YAML 1.2's core schema, so `yes`, `no`, `on` and `off` are words. What two readers
could understand differently is refused: duplicate keys, tabs, tags, numbers like `0644`.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.syntax import mark_after, syntax_error

MAX_BYTES = 10_000_000
MAX_DEPTH = 100
MAX_NODES = 500_000

NOWHERE = Mark("<text>", 1, 1)


class Text(str):
    """A string that stands in a source, with its place. Only a `Text` is ever templated."""

    __slots__ = ("mark",)
    mark: Mark

    def __new__(cls, value: str = "", mark: Mark = NOWHERE) -> Self:
        """Return `value` as a text that stands at `mark`."""
        text = super().__new__(cls, value)
        text.mark = mark
        return text

    def __getnewargs__(self) -> tuple[str, Mark]:  # type: ignore[override]
        return str(self), self.mark


class Octal(int):
    """A whole number that was written in octal, as `0o644`."""


class Mapping(dict[str, Any]):
    """A YAML mapping: a `dict` that knows where it, its keys and their values stand."""

    __slots__ = ("keys_at", "mark", "values_at")

    def __init__(
        self,
        items: Iterable[tuple[str, Any]] = (),
        *,
        mark: Mark = NOWHERE,
        keys_at: dict[str, Mark] | None = None,
        values_at: dict[str, Mark] | None = None,
    ) -> None:
        super().__init__(items)
        self.mark = mark
        self.keys_at = keys_at if keys_at is not None else {}
        self.values_at = values_at if values_at is not None else {}


class Sequence(list[Any]):
    """A YAML sequence: a `list` that knows where it and its items stand."""

    __slots__ = ("items_at", "mark")

    def __init__(
        self,
        items: Iterable[Any] = (),
        *,
        mark: Mark = NOWHERE,
        items_at: list[Mark] | None = None,
    ) -> None:
        super().__init__(items)
        self.mark = mark
        self.items_at = items_at if items_at is not None else []


def load(path: Path, *, limit: int = MAX_BYTES) -> Any:
    """Return the data of one YAML file: `Mapping`, `Sequence`, `Text`, bool, int, float, None.

    Raises `SchemaError`, with the place, for whatever is not one document of the dialect, or is
    larger than `limit` bytes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise SchemaError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > limit:
        raise SchemaError(f"{path} is larger than {limit:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError(
            f"the byte 0x{data[error.start]:02x} is not UTF-8",
            mark=mark_after(data[: error.start].decode("utf-8", "replace"), str(path)),
            hint="Save the file as UTF-8.",
        ) from error
    return parse(text, str(path))


def parse(text: str, file: str, *, composer: Any = None) -> Any:
    """Return the data of a YAML text; `file` is what its marks and errors name.

    `composer` is libyaml's where there is one, unless another is given.
    """
    try:
        node = (composer or COMPOSER)(text).get_single_node()
    except yaml.YAMLError as error:
        raise syntax_error(error, text, file) from error
    if node is None or (isinstance(node, ScalarNode) and not node.value and not node.style):
        raise SchemaError("the file is empty", mark=Mark(file, 1, 1))
    return _Reader(file).value(node)


class _WholeTags:
    """Leaves every node without a tag, but for those written out: the reader resolves them."""

    def resolve(self, _kind: type[Node], _value: object, _implicit: object) -> str:
        return ""

    def descend_resolver(self, _parent: object, _index: object) -> None:
        """Do nothing: there are no path resolvers."""

    def ascend_resolver(self) -> None:
        """Do nothing: there are no path resolvers."""


def libyaml_composer() -> Any:
    """Return the class that composes nodes with libyaml, seven times as fast."""
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

    return type("_Composer", (_WholeTags, CParser), {})


def python_composer() -> Any:
    """Return the class that composes nodes in Python."""

    class Composer(
        _WholeTags,
        yaml.reader.Reader,
        yaml.scanner.Scanner,
        yaml.parser.Parser,
        yaml.composer.Composer,
    ):
        def __init__(self, text: str) -> None:
            yaml.reader.Reader.__init__(self, text)
            yaml.scanner.Scanner.__init__(self)
            yaml.parser.Parser.__init__(self)
            yaml.composer.Composer.__init__(self)

    return Composer


COMPOSER = libyaml_composer() if yaml.__with_libyaml__ else python_composer()


CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
MARKED = frozenset({Text, Mapping, Sequence})
NUMBER_STARTS = frozenset("0123456789+-.")
INTEGER = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+")
OCTAL = re.compile(r"0o[0-7]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")


class _Reader:
    """Turns the nodes of one file into data with marks, within bounds."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.nodes = 0
        self.open: list[Node] = []

    def value(self, node: Node) -> Any:
        if isinstance(node, ScalarNode):
            return self.scalar(node)
        self.enter(node)
        value: Mapping | Sequence
        value = self.mapping(node) if isinstance(node, MappingNode) else self.sequence(node)
        self.open.pop()
        return value

    def enter(self, node: Node) -> None:
        """Refuse what would never end, or would fill the memory: aliases may multiply a text."""
        self.refuse_tag(node)
        if any(node is outer for outer in self.open):
            raise SchemaError("an alias stands inside its own anchor", mark=self.mark(node))
        if len(self.open) >= MAX_DEPTH:
            raise SchemaError(f"nested deeper than {MAX_DEPTH} levels", mark=self.mark(node))
        self.nodes += len(node.value)
        if self.nodes > MAX_NODES:
            raise SchemaError(
                f"aliases make more than {MAX_NODES} values of this file", mark=self.mark(node)
            )
        self.open.append(node)

    def scalar(self, node: ScalarNode) -> Any:
        self.refuse_tag(node)
        text = node.value
        if node.style:
            return Text(text, self.mark(node))
        if text in CONSTANTS:
            return CONSTANTS[text]
        if text[0] in NUMBER_STARTS:
            number = self.number(node)
            if number is not None:
                return number
        return Text(text, self.mark(node))

    def number(self, node: ScalarNode) -> int | float | None:
        text = node.value
        if LEADING_ZERO.fullmatch(text):
            raise SchemaError(
                f"{text} means different numbers to different YAML readers",
                mark=self.mark(node),
                hint=f'Write "{text}" in quotes; a file mode is always quoted.',
            )
        if OCTAL.fullmatch(text):
            return Octal(text, 8)
        if INTEGER.fullmatch(text):
            return int(text, 0)
        if FLOAT.fullmatch(text):
            return float(text)
        if SPECIAL.fullmatch(text):
            return float(text.replace(".", "", 1))
        return None

    def sequence(self, node: Node) -> Sequence:
        items = [self.value(item) for item in node.value]
        places = [self.place(*pair) for pair in zip(items, node.value, strict=True)]
        return Sequence(items, mark=self.mark(node), items_at=places)

    def mapping(self, node: MappingNode) -> Mapping:
        mapping = Mapping(mark=self.mark(node))
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if key_node.value == "<<" and not key_node.style:
                merged += self.merge_sources(value_node)
                continue
            key = self.key(key_node, node)
            if key in mapping:
                raise SchemaError(
                    f"the key '{key}' stands twice",
                    mark=self.mark(key_node),
                    hint=f"The first one is in line {mapping.keys_at[key].line}; keep one of them.",
                )
            value = mapping[key] = self.value(value_node)
            mapping.keys_at[key] = key.mark
            mapping.values_at[key] = self.place(value, value_node)
        for source in merged:
            self.merge(mapping, source)
        return mapping

    def key(self, node: Node, mapping: MappingNode) -> Text:
        if not isinstance(node, ScalarNode):
            braces = mapping.flow_style and isinstance(node, MappingNode)
            raise SchemaError(
                "a template is not in quotes" if braces else "a key must be a single word or text",
                mark=self.mark(mapping if braces else node),
                hint='Write "{{ … }}" in quotes.' if braces else "",
            )
        value = self.scalar(node)
        if not isinstance(value, Text):
            raise SchemaError(
                f"a key must be text, and {node.value or 'nothing'} is not",
                mark=self.mark(node),
                hint=f'Write "{node.value}" in quotes.',
            )
        return value

    def merge_sources(self, node: Node) -> Iterator[MappingNode]:
        """Yield the mappings that a `<<` names."""
        for source in node.value if isinstance(node, SequenceNode) else [node]:
            if not isinstance(source, MappingNode):
                raise SchemaError("'<<' merges mappings only", mark=self.mark(source))
            yield source

    def merge(self, mapping: Mapping, node: Node) -> None:
        """Add the keys of `node` that `mapping` does not have."""
        source = self.value(node)
        for key, value in source.items():
            if key not in mapping:
                mapping[key] = value
                mapping.keys_at[key] = source.keys_at[key]
                mapping.values_at[key] = source.values_at[key]

    def refuse_tag(self, node: Node) -> None:
        if node.tag and node.tag != "!":
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            raise SchemaError(
                f"the tag {tag} is not part of the language",
                mark=self.mark(node),
                hint="Remove it; put text in quotes.",
            )

    def place(self, value: Any, node: Node) -> Mark:
        """Return the place of a value: its own, if it knows one."""
        return value.mark if type(value) in MARKED else self.mark(node)

    def mark(self, node: Node) -> Mark:
        start = node.start_mark
        return Mark(self.file, start.line + 1, start.column + 1)
