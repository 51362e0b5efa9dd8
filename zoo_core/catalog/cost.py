"""What an entry says of the cost of its network, for readers."""

from typing import Any

from .specs import ModelSpec

__all__ = ["cost_in_words", "cost_record", "operations"]

POWERS = {1e9: "G", 1e6: "M", 1e3: "k", 1.0: ""}


def cost_in_words(spec: ModelSpec) -> str:
    """Parameters and operations in a line; empty where the entry states neither.

    Example:
        >>> import zoo_core as zoo
        >>> from zoo_core.catalog.registry import catalog
        >>> cost_in_words(catalog().model("lastro.space"))
        '5,674,657 parameters; 176 MFLOP an image and view, 8 views'
    """
    if spec.cost is None:
        return ""
    views = "1 view" if spec.views == 1 else f"{spec.views} views"
    flops = spec.cost.flops
    work = "operations that depend on the image" if flops is None else f"{operations(flops)} an image and view"
    return f"{spec.cost.parameters:,} parameters; {work}, {views}"


def operations(flops: int) -> str:
    """Floating-point operations with three digits.

    >>> operations(176386048), operations(0)
    ('176 MFLOP', '0 FLOP')
    """
    power = next((power for power in POWERS if flops >= power), 1.0)
    return f"{flops / power:.3g} {POWERS[power]}FLOP"


def cost_record(spec: ModelSpec) -> dict[str, Any]:
    """The numbers, for programs; None where the entry has none."""
    cost = spec.cost
    return {
        "parameters": None if cost is None else cost.parameters,
        "flops": None if cost is None else cost.flops,
        "views": spec.views,
    }
