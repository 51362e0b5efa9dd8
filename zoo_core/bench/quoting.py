"""Words of others in Markdown: models and results come from anybody."""

import re
from html import escape

__all__ = ["coded", "quoted"]


def quoted(text: str) -> str:
    r"""Words of others, in which neither HTML nor Markdown has a meaning; harmless ones stay as they are.

    Example:
        >>> from zoo_core.bench.quoting import quoted
        >>> quoted("no kernel <script>alert(1)</script> [here](javascript:x)")
        'no kernel &lt;script&gt;alert(1)&lt;/script&gt; [here]\\(javascript:x)'
        >>> quoted("auroc[no_sub]")
        'auroc[no_sub]'
    """
    marked = re.sub(r"[\\`*]", r"\\\g<0>", " ".join(text.split()))
    return escape(marked, quote=False).replace("](", "]\\(")


def coded(name: str) -> str:
    """A name in the letters of code, which it cannot leave.

    Example:
        >>> from zoo_core.bench.quoting import coded
        >>> coded("a.one"), coded("a`<b>`")
        ('`a.one`', "`a'<b>'`")
    """
    return f"`{' '.join(name.replace('`', chr(39)).split())}`"
