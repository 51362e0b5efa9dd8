"""The libraries that the pages are drawn with, as files that need nothing else: DataTables, and Vega-Lite with Vega.

Both come out of packages that pip installs: `itables` brings DataTables, `vl-convert-python` brings Vega, which also
draws the still pictures of the plots. A page on disk may load plain scripts alone, so the one that is a module is made
one.
"""

import json
import re
from functools import cache
from importlib.metadata import distribution
from importlib.resources import files
from typing import Any

from ..errors import NotInstalledError, ResultError

__all__ = ["licences", "plots_script", "still_picture", "tables_script"]

EXTRA = "pip install 'zoo-core[board]'"
EXPORTED = re.compile(r"\bexport\s*\{(?P<names>[^{}]* as default[^{}]*)\};?")
DEFAULT = re.compile(r"(?P<name>[\w$]+) as default")


@cache
def tables_script() -> str:
    """A script that defines `DataTable`.

    Raises:
        NotInstalledError: the extra is missing.
        ResultError: the bundle of the installed version does not end as it should.
    """
    try:
        text = files("itables").joinpath("html/dt_bundle.js").read_text(encoding="utf-8")
    except ModuleNotFoundError as error:
        raise NotInstalledError(f"tables are drawn with itables; {EXTRA}") from error
    exported = list(EXPORTED.finditer(text))
    default = DEFAULT.search(exported[-1]["names"]) if exported else None
    if default is None:
        raise ResultError("the DataTables bundle of the installed itables exports no table; install another version")
    start, end = exported[-1].span()
    return f"(() => {{{text[:start]}window.DataTable = {default['name']};{text[end:]}\n}})();\n"


@cache
def plots_script() -> str:
    """A script that defines `vegaEmbed`.

    Raises:
        NotInstalledError: the extra is missing.
    """
    return _vl_convert().javascript_bundle("window.vegaEmbed = vegaEmbed;")


def still_picture(spec: dict[str, Any]) -> str:
    """A Vega-Lite plot as SVG that takes the width of where it stands.

    Raises:
        NotInstalledError: the extra is missing.
    """
    svg = _vl_convert().vegalite_to_svg(json.dumps(spec))
    return re.sub(r'<svg ([^>]*?)width="[\d.]+" height="[\d.]+"', r"<svg \1", svg, count=1)


def licences() -> str:
    """Licences of both packages, and of what they bring."""
    texts = [text for name in ("itables", "vl-convert-python") for text in _licences(name)]
    return "\n\n".join(texts)


def _licences(name: str) -> list[str]:
    found = [path for path in distribution(name).files or () if "LICEN" in path.name.upper()]
    return [f"{name}: {path.name}\n\n{path.read_text()}" for path in sorted(found)]


def _vl_convert() -> Any:
    try:
        import vl_convert
    except ImportError as error:
        raise NotInstalledError(f"plots are drawn with vl-convert-python; {EXTRA}") from error
    return vl_convert
