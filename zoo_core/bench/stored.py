"""The result of a model that somebody names, found in a folder of results."""

from collections.abc import Collection
from pathlib import Path

from ..catalog.registry import catalog
from ..errors import ResultError, UnknownNameError
from .results import Result, read_result, result_path

__all__ = ["measured_result"]


def measured_result(results: Path, benchmark: str, model: str) -> tuple[Path, Result]:
    """Where the result of a model on a benchmark lies, and the result, which has numbers.

    Arguments:
        results: folder.
        benchmark: id.
        model: id; or an architecture, for its default one, where no result has that name.

    Raises:
        ResultError: it is not there, is none, or failed.
        UnknownNameError: neither the folder nor the catalogue has the benchmark, or the model.
    """
    path = result_path(results, benchmark, model)
    if not path.exists() and model in catalog().architectures():
        path = result_path(results, benchmark, catalog().model(model).id)
    if not path.exists():
        raise _absent(results, benchmark, model)
    result = read_result(path)
    if result.status != "ok":
        raise ResultError(f"{model} failed on {benchmark}: {result.message}")
    return path, result


def _absent(results: Path, benchmark: str, model: str) -> ResultError | UnknownNameError:
    """Why there is no such result, and what to do."""
    listed = catalog()
    folders = {path.name for path in results.glob("*/")}
    if benchmark not in folders | listed.benchmarks.keys():
        return UnknownNameError.among("benchmark", benchmark, folders | listed.benchmarks.keys())
    measured = {path.stem for path in (results / benchmark).glob("*.json")}
    spec, asked = listed.models.get(model), listed.benchmarks.get(benchmark)
    if spec is None:
        return _unknown(model, benchmark, measured, results)
    if asked is not None and spec.task != asked.task:
        return ResultError(f"{model} is for {spec.task}, and {benchmark} measures {asked.task}; name two models of it")
    return ResultError(
        f"{model} was not measured on {benchmark}; run zoo benchmark {model} --on {benchmark} first ({results} has no "
        "result of it)"
    )


def _unknown(model: str, benchmark: str, measured: Collection[str], results: Path) -> UnknownNameError:
    """A model of nobody's catalogue, whose result may lie elsewhere."""
    unknown = UnknownNameError.among("model", model, measured)
    return UnknownNameError(
        f"{unknown} (of those measured on {benchmark} in {results}; results of a model of your own: --results FOLDER)"
    )
