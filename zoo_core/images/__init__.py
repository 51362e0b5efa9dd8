"""Images: what goes into a model."""

from .image import RawImage
from .inputs import find_sources
from .pairs import parse_bands
from .source import Beside, Source, read

__all__ = ["Beside", "RawImage", "Source", "find_sources", "parse_bands", "read"]
