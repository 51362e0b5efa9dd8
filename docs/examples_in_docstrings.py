"""Show examples of docstrings as code: the pages take the section `Example:` for text."""

import re
from typing import Any

from griffe import Extension, Object

SESSION = re.compile(r"^(\s*)Example:$(?=.*>>> )", re.MULTILINE | re.DOTALL)


class Examples(Extension):
    """Calls the section of a session `Examples:`, as the parser of the pages does."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rename it in one docstring."""
        if obj.docstring is not None:
            obj.docstring.value = SESSION.sub(r"\1Examples:", obj.docstring.value)
