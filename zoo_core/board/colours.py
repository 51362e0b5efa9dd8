"""Colours that readers with any colour vision tell apart."""

__all__ = ["COLOURS"]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#808080")
"""After Okabe & Ito (2008), Color Universal Design; grey in the place of black is seen on light and on dark."""
