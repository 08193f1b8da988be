"""A fault: what the jsonschema library finds wrong, at the place in the file that it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from megaplan_cloud.engine.mark import Mark

if TYPE_CHECKING:
    from jsonschema import ValidationError


class Spot(NamedTuple):
    """Where a key or value stands, what a person calls it, and its JSON path."""

    mark: Mark | None
    name: str
    path: str

    def __str__(self) -> str:
        return self.name or "the file"

    def inside(self, value: Any, step: str | int) -> "Spot":
        """Return the spot of what stands in the value here: under a key, or at an index."""
        if isinstance(step, int):
            marks = getattr(value, "items_at", None)
            mark = marks[step] if marks else None
            return Spot(mark, f"item {step + 1} of {self}", f"{self.path}[{step}]")
        return Spot(getattr(value, "values_at", {}).get(step), f"'{step}'", f"{self.path}.{step}")

    def at_key(self, mapping: Any, key: str) -> "Spot":
        """Return the spot of a key of the mapping here."""
        return Spot(getattr(mapping, "keys_at", {}).get(key), f"'{key}'", f"{self.path}.{key}")


@dataclass(frozen=True, slots=True)
class Fault:
    """A keyword of a schema that a value does not obey.

    `forms` has, for each form that the value may have, why it has not. `message` is the library's.
    """

    keyword: str
    wanted: Any
    value: Any
    schema: Mapping[str, Any]
    spot: Spot
    message: str
    forms: tuple[tuple["Fault", ...], ...] = ()

    @property
    def title(self) -> str:
        """What a person calls a thing of this schema."""
        return str(self.schema.get("title") or self.spot)


def faults(errors: Iterable["ValidationError"], value: Any, spot: Spot) -> tuple[Fault, ...]:
    """Return the faults of the value at a spot."""
    return tuple(_fault(error, value, spot) for error in errors)


def _fault(error: "ValidationError", value: Any, spot: Spot) -> Fault:
    for step in error.relative_path:
        spot, value = spot.inside(value, step), value[step]
    # What is said of a mapping's keys comes with the key as its instance.
    if isinstance(value, dict) and isinstance(error.instance, str):
        spot = spot.at_key(value, error.instance)
    forms: dict[str | int, list[ValidationError]] = {}
    for child in error.context or ():
        forms.setdefault(next(iter(child.relative_schema_path), ""), []).append(child)
    return Fault(
        keyword=str(error.validator),
        wanted=error.validator_value,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        spot=spot,
        message=error.message,
        forms=tuple(faults(form, error.instance, spot) for form in forms.values()),
    )
