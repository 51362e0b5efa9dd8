import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from .catalog.distributions import declare
from .conftest import child

LISTED = """
import json
from zoo_core.plugins import list_plugins

print(json.dumps({plugin.distribution: plugin.error for plugin in list_plugins()}))
"""

FAILED = """
import sys
import zoo_core as zoo
from zoo_core.plugins import architecture

try:
    print(architecture(sys.argv[1], plugin=sys.argv[2] if len(sys.argv) > 2 else None).summary)
except zoo.ZooError as error:
    print(f"{type(error).__name__}: {error}")
"""

NETWORK = """
import zoo_core as zoo

@zoo.hookimpl
def zoo_architectures():
    heads = zoo.Heads(("a", "b"))
    return [zoo.Architecture("{name}", "classification", None, ("VIS",), heads, (), summary="{says}")]
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Callable:
    """Installs a distribution with entry points and one module each; returns what runs Python beside it."""

    def install(distribution: str, **modules: str) -> Callable:
        site = tmp_path / "site"
        declare(site, distribution, **{name: _module(distribution, name) for name in modules})
        for name, code in modules.items():
            (site / f"{_module(distribution, name)}.py").write_text(code)
        return child(site)

    return install


def _module(distribution: str, name: str) -> str:
    return f"{distribution}_{name}".replace("-", "_")


def output(run: Callable, *arguments: str) -> str:
    done = run("-c", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def broken(:", "SyntaxError"),
    ],
)
def test_whatever_a_plugin_raises_at_import_is_its_own_error(plugin, code, error):
    listed = json.loads(output(plugin("zoo-odd", odd=code), LISTED))
    assert listed["zoo-odd"].startswith(error)
    assert listed["zoo-core"] is None


def test_a_plugin_shows_what_it_provides_or_why_it_cannot(plugin):
    run = plugin("zoo-rings", rings=NETWORK.format(name="rings", says="rings"), broken="import gone")
    shown = output(
        run, "import zoo_core as zoo; [print(one) for one in zoo.list_plugins() if 'rings' in one.distribution]"
    )

    assert "<plugin rings of zoo-rings 1.0: rings>" in shown.splitlines()
    assert "<plugin broken of zoo-rings 1.0: ModuleNotFoundError: No module named 'gone'>" in shown.splitlines()


def test_a_misspelt_hook_is_an_error_and_not_silence(plugin):
    code = NETWORK.format(name="odd", says="").replace("def zoo_architectures", "def zoo_architecture")
    listed = json.loads(output(plugin("zoo-odd", odd=code), LISTED))
    assert "unknown hook 'zoo_architecture'" in listed["zoo-odd"]


def test_a_hook_that_returns_something_else_is_an_error(plugin):
    code = textwrap.dedent("""
        import zoo_core as zoo

        @zoo.hookimpl
        def zoo_metrics():
            return ["auroc"]
    """)
    listed = json.loads(output(plugin("zoo-odd", odd=code), LISTED))
    assert listed["zoo-odd"] == "PluginError: zoo_metrics must return a list of Metric, one item is str"


def test_two_distributions_with_one_plugin_name_are_told_apart_by_their_own(plugin):
    plugin("zoo-one", twin=NETWORK.format(name="net", says="the first"))
    run = plugin("zoo-two", twin=NETWORK.format(name="net", says="the second"))
    assert output(run, FAILED, "net", "zoo-one") == "the first"
    assert output(run, FAILED, "net", "Zoo_Two") == "the second"
    assert output(run, FAILED, "net", "twin") == (
        "PluginError: plugin 'twin' is provided by zoo-one and zoo-two; uninstall all but one"
    )
    assert output(run, FAILED, "net").startswith("PluginError: architecture 'net' is provided 2 times")


def test_a_distribution_may_hold_several_plugins(plugin):
    run = plugin(
        "zoo-many", left=NETWORK.format(name="net", says="left"), right=NETWORK.format(name="other", says="right")
    )
    assert output(run, FAILED, "net", "zoo-many") == "left"
    assert output(run, FAILED, "other", "zoo-many") == "right"
    assert output(run, FAILED, "net", "right") == (
        "PluginError: plugin 'right' does not provide the architecture 'net'; it provides other"
    )


def test_what_is_not_installed_says_what_to_install(plugin):
    run = plugin("zoo-odd", odd=NETWORK.format(name="net", says="odd"))
    assert (
        output(run, FAILED, "net", "zoo-gone") == "NotInstalledError: zoo-gone is not installed; pip install zoo-gone"
    )
    assert "did you mean net" in output(run, FAILED, "nett")
