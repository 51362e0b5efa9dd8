"""YAML as people expect it: `1e-4` is a number, `no` is a word, no key is written twice.

PyYAML reads YAML 1.1, in which `no` is False, `1:30` is 90, `010` is 8 and `1e-4` is a string. The core schema of
YAML 1.2 has none of these surprises.
"""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml

from ..errors import ArgumentError, ZooError
from ..files import refused

__all__ = ["read_mapping", "text_of", "value_of"]


# The parser in C where PyYAML was built with it: ten times as fast.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):
    """Safe loader with the scalars of the YAML 1.2 core schema."""

    # Replaces PyYAML's table, keyed by the first character of the scalar.
    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """The mapping, unless a key is written twice: the later would silently win."""
        counts = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        if twice := sorted(key for key, count in counts.items() if count > 1):
            raise yaml.constructor.ConstructorError(
                problem=f"{twice[0]!r} is written twice", problem_mark=node.start_mark
            )
        return super().construct_mapping(node, deep)


_SCALARS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+", list("-+0123456789")),
    "float": (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", list("-+.0123456789")),
}
for _tag, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node)))


class _Dumper(yaml.SafeDumper):
    """Quotes every word that either version of YAML would read as something else."""

    yaml_implicit_resolvers: ClassVar[dict[str | None, list[tuple[str, re.Pattern]]]] = {
        first: [pair for loader in (yaml.SafeLoader, _Loader) for pair in loader.yaml_implicit_resolvers.get(first, [])]
        for first in {*yaml.SafeLoader.yaml_implicit_resolvers, *_Loader.yaml_implicit_resolvers}
    }


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Several lines of text, such as BibTeX, stay several lines."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def text_of(content: Mapping[str, Any]) -> str:
    """A mapping as YAML that `read_mapping` reads back as it is: classes named `08`, `1e3` and `no` are words."""
    return yaml.dump(dict(content), Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def read_mapping(path: Path, error: type[ZooError]) -> Mapping[str, Any]:
    """The mapping that a YAML file holds.

    Arguments:
        path: the file, UTF-8.
        error: what to raise, with the file's name, if it can't be read, is not YAML or holds something else.
    """
    try:
        content = _Loader(path.read_text(encoding="utf-8")).get_single_data()
    except OSError as problem:
        raise error(refused(problem, path)) from None
    except UnicodeDecodeError as problem:
        raise error(f"{path}: not UTF-8 text ({problem.reason} at byte {problem.start})") from None
    except RecursionError:
        raise error(f"{path}: nested too deeply") from None
    except (yaml.YAMLError, ValueError) as problem:
        raise error(f"{path}: not valid YAML: {_one_line(problem)}") from None
    if not isinstance(content, dict):
        raise error(
            f"{path}: holds {'nothing' if content is None else type(content).__name__}, expected `key: value` lines"
        )
    return content


def value_of(text: str) -> Any:
    """What a text means as the value of a key: `20` is a number, `[g, r]` a list, `no` a word.

    Raises:
        ArgumentError: it is not YAML.
    """
    try:
        return _Loader(text).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise ArgumentError(f"{text!r} is not a value: {_one_line(problem)}") from None


def _one_line(problem: Exception) -> str:
    mark = getattr(problem, "problem_mark", None)
    if mark is None:
        return " ".join(str(problem).split())
    return f"line {mark.line + 1}, column {mark.column + 1}: {getattr(problem, 'problem', None) or problem}"
