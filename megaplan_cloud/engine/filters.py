"""The filters of the language besides Jinja's own, with the meaning they have in Ansible."""

import base64
import hashlib
import json
import os.path
import re
import shlex
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import yaml
from jinja2 import UndefinedError, pass_environment
from jinja2.filters import do_unique
from jinja2.runtime import Undefined

from megaplan_cloud.engine.secret import Secret

# ruff: noqa: FBT001, FBT002, PLR0917 - the signatures are Ansible's


TRUE = frozenset({"y", "yes", "on", "1", "true", "t", "1.0"})
FALSE = frozenset({"n", "no", "off", "0", "false", "f", "0.0"})


def boolean(value: Any) -> bool:
    """Return true or false for `yes`, `on`, `1`, `no`, `off`, `0` and their like."""
    word = str(value).strip().lower()
    if isinstance(value, bool) or word in TRUE | FALSE:
        return value if isinstance(value, bool) else word in TRUE
    raise ValueError(f"{value!r} is neither true nor false")


def mandatory(value: Any, msg: str | None = None) -> Any:
    """Return the value; fail, with the message, if it is not defined."""
    if not isinstance(value, Undefined):
        return value
    name = value._undefined_name  # noqa: SLF001 - Jinja offers no other way to the name
    raise UndefinedError(msg or f"the mandatory variable '{name}' is not defined")


def ternary(value: Any, true_val: Any, false_val: Any, none_val: Any = None) -> Any:
    """Return the second value for what is true, else the third; the fourth for null."""
    if value is None and none_val is not None:
        return none_val
    return true_val if value else false_val


def to_json(value: Any, **options: Any) -> str:
    """Return the value as JSON on one line."""
    return json.dumps(value, **options)


def to_nice_json(value: Any, indent: int = 4, sort_keys: bool = True, **options: Any) -> str:
    """Return the value as JSON for people: indented, keys sorted."""
    return json.dumps(value, indent=indent, sort_keys=sort_keys, separators=(",", ": "), **options)


def from_json(text: str, **options: Any) -> Any:
    """Return the data that a JSON text holds."""
    return json.loads(text, **options)


def to_yaml(value: Any, default_flow_style: bool | None = None, **options: Any) -> str:
    """Return the value as YAML, innermost containers on one line."""
    text: str = yaml.dump(
        value,
        Dumper=yaml.SafeDumper,
        allow_unicode=True,
        default_flow_style=default_flow_style,
        **options,
    )
    return text.removesuffix("...\n")


def to_nice_yaml(value: Any, indent: int = 4, **options: Any) -> str:
    """Return the value as YAML for people: a key or an item a line."""
    return to_yaml(value, default_flow_style=False, indent=indent, **options)


def from_yaml(text: str) -> Any:
    """Return the data that a YAML (1.1, as Ansible reads it) text holds."""
    return yaml.safe_load(text)


def regex_replace(
    value: Any,
    pattern: str = "",
    replacement: str = "",
    ignorecase: bool = False,
    multiline: bool = False,
    count: int = 0,
) -> str:
    r"""Return the text with what matches the pattern replaced; `\1` stands for a group."""
    return re.sub(
        pattern, replacement, str(value), count=count, flags=_flags(ignorecase, multiline)
    )


def regex_search(
    value: Any, pattern: str, *groups: str, ignorecase: bool = False, multiline: bool = False
) -> Any:
    r"""Return what matches the pattern first, null if nothing; with `\\1`, a list of groups."""
    found = re.search(pattern, str(value), _flags(ignorecase, multiline))
    names = [_group(name) for name in groups]
    if found is None:
        return None
    return [found.group(name) for name in names] if names else found.group()


def _group(name: str) -> int | str:
    numbered = re.fullmatch(r"\\(\d+)", name)
    named = re.fullmatch(r"\\g<(\w+)>", name)
    if numbered:
        return int(numbered[1])
    if named:
        return int(named[1]) if named[1].isdigit() else named[1]
    raise ValueError(f"'{name}' names no group; write '\\\\1' or '\\\\g<name>'")


def regex_findall(
    value: Any, pattern: str, multiline: bool = False, ignorecase: bool = False
) -> list[Any]:
    """Return everything that matches the pattern."""
    return re.findall(pattern, str(value), _flags(ignorecase, multiline))


def regex_escape(text: str) -> str:
    """Return the text with what has a meaning in patterns escaped."""
    return re.escape(text)


def _flags(ignorecase: bool, multiline: bool) -> int:
    return (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)


def b64encode(text: Any, encoding: str = "utf-8") -> str:
    """Return the text in base64."""
    return base64.b64encode(str(text).encode(encoding)).decode("ascii")


def b64decode(text: str, encoding: str = "utf-8") -> str:
    """Return the text that base64 holds."""
    return base64.b64decode(text).decode(encoding)


def quote(value: Any) -> str:
    """Return the value as one word of a shell."""
    return shlex.quote("" if value is None else str(value))


def hash_of(value: Any, hashtype: str = "sha1") -> str:
    """Return the hash of the text, in hexadecimal."""
    if hashtype not in hashlib.algorithms_available:
        raise ValueError(f"there is no hash '{hashtype}'")
    return hashlib.new(hashtype, str(value).encode(), usedforsecurity=False).hexdigest()


def combine(
    first: Any, *others: Any, recursive: bool = False, list_merge: str = "replace"
) -> dict[str, Any]:
    """Return one mapping of several; later ones win, `recursive` merges the inner ones too."""
    if list_merge not in LIST_MERGES:
        raise ValueError(f"'{list_merge}' merges no lists; use one of {', '.join(LIST_MERGES)}")
    merged: dict[str, Any] = {}
    for mapping in flatten([first, *others]):
        if not isinstance(mapping, Mapping):
            raise TypeError(f"combine takes mappings, not {mapping!r}")
        merged = _merged(merged, mapping, recursive, list_merge)
    return merged


def _merged(
    low: Mapping[str, Any], high: Mapping[str, Any], recursive: bool, list_merge: str
) -> dict[str, Any]:
    result = dict(low)
    for key, value in high.items():
        old = result.get(key)
        if recursive and isinstance(old, Mapping) and isinstance(value, Mapping):
            result[key] = _merged(old, value, recursive, list_merge)
        elif isinstance(old, list) and isinstance(value, list):
            result[key] = LIST_MERGES[list_merge](old, value)
        else:
            result[key] = value
    return result


LIST_MERGES: dict[str, Callable[[list[Any], list[Any]], list[Any]]] = {
    "replace": lambda _, new: new,
    "keep": lambda old, _: old,
    "append": lambda old, new: old + new,
    "prepend": lambda old, new: new + old,
    "append_rp": lambda old, new: [item for item in old if item not in new] + new,
    "prepend_rp": lambda old, new: new + [item for item in old if item not in new],
}


def dict2items(
    mapping: Mapping[str, Any], key_name: str = "key", value_name: str = "value"
) -> list[dict[str, Any]]:
    """Return a list with one `{key, value}` for each key."""
    if not isinstance(mapping, Mapping):
        raise TypeError(f"dict2items takes a mapping, not {mapping!r}")
    return [{key_name: key, value_name: value} for key, value in mapping.items()]


def items2dict(
    items: Sequence[Mapping[str, Any]], key_name: str = "key", value_name: str = "value"
) -> dict[str, Any]:
    """Return a mapping of a list of `{key, value}`."""
    if isinstance(items, str | Mapping) or not isinstance(items, Sequence):
        raise TypeError(f"items2dict takes a list, not {items!r}")
    try:
        return {item[key_name]: item[value_name] for item in items}
    except KeyError as error:
        raise ValueError(f"items2dict: an item has no key {error}") from error


def flatten(items: Any, levels: int | None = None, skip_nulls: bool = True) -> list[Any]:
    """Return the items of the lists in a list, all the way down or `levels` deep."""
    flat: list[Any] = []
    for item in items:
        if skip_nulls and item in (None, "None", "null"):
            continue
        if not isinstance(item, list | tuple):
            flat.append(item)
        elif levels is None:
            flat += flatten(item, skip_nulls=skip_nulls)
        elif levels >= 1:
            flat += flatten(item, levels - 1, skip_nulls)
        else:
            flat.append(item)
    return flat


@pass_environment
def unique(
    environment: Any,
    items: Iterable[Any],
    case_sensitive: bool | None = None,
    attribute: str | None = None,
) -> list[Any]:
    """Return each item once, in the order of the first; letters count alike unless told."""
    listed = list(items)
    try:
        return list(do_unique(environment, listed, bool(case_sensitive), attribute))
    except TypeError:
        if case_sensitive is False or attribute:
            raise
        return _once(listed)


def _once(items: Iterable[Any]) -> list[Any]:
    seen: list[Any] = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen


def difference(left: list[Any], right: list[Any]) -> list[Any]:
    """Return the items of the first list that are not in the second, each once."""
    return _once(item for item in left if item not in right)


def intersect(left: list[Any], right: list[Any]) -> list[Any]:
    """Return the items that are in both lists, each once."""
    return _once(item for item in left if item in right)


def union(left: list[Any], right: list[Any]) -> list[Any]:
    """Return the items of both lists, each once."""
    return _once([*left, *right])


def symmetric_difference(left: list[Any], right: list[Any]) -> list[Any]:
    """Return the items that are in one of the lists only, each once."""
    both = intersect(left, right)
    return [item for item in union(left, right) if item not in both]


def split(text: str, separator: str | None = None, maxsplit: int = -1) -> list[str]:
    """Return the parts of a text."""
    return text.split(separator, maxsplit)


def extract(key: Hashable, container: Any, *more: Any) -> Any:
    """Return the value that a key has in a container, and so on down."""
    value = container[key]
    for each in flatten(more):
        value = value[each]
    return value


def zipped(*lists: Iterable[Any]) -> list[list[Any]]:
    """Return the lists as rows, as many as the shortest has items."""
    return [list(row) for row in zip(*lists, strict=False)]


def type_debug(value: Any) -> str:
    """Return the name of the value's type."""
    return "str" if isinstance(value, Secret) else type(value).__name__


FILTERS: dict[str, Callable[..., Any]] = {
    "b64decode": b64decode,
    "b64encode": b64encode,
    "basename": os.path.basename,
    "bool": boolean,
    "checksum": hash_of,
    "combine": combine,
    "dict2items": dict2items,
    "difference": difference,
    "dirname": os.path.dirname,
    "extract": extract,
    "flatten": flatten,
    "from_json": from_json,
    "from_yaml": from_yaml,
    "hash": hash_of,
    "intersect": intersect,
    "items2dict": items2dict,
    "mandatory": mandatory,
    "quote": quote,
    "regex_escape": regex_escape,
    "regex_findall": regex_findall,
    "regex_replace": regex_replace,
    "regex_search": regex_search,
    "split": split,
    "splitext": os.path.splitext,
    "symmetric_difference": symmetric_difference,
    "ternary": ternary,
    "to_json": to_json,
    "to_nice_json": to_nice_json,
    "to_nice_yaml": to_nice_yaml,
    "to_yaml": to_yaml,
    "type_debug": type_debug,
    "union": union,
    "unique": unique,
    "zip": zipped,
}
