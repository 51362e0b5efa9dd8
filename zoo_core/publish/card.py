"""Model cards: what a published model is, what it takes, what was measured and where it fails.

The front matter follows the Hub's model card specification; its model-index holds the measured results.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from ..bench.quoting import coded, quoted
from ..bench.results import Estimate, Result
from ..catalog.cost import cost_in_words
from ..catalog.measured import real_false_positives
from ..catalog.specs import ANY, ModelSpec
from ..tasks import task_named

__all__ = ["model_card"]


def model_card(spec: ModelSpec, results: Sequence[Result]) -> ModelCard:
    """The card of a model, its results in the order given."""
    front = ModelCardData(
        license=spec.licence.lower(),
        library_name="zoo-core",
        pipeline_tag=task_named(spec.task).pipeline,
        tags=["strong-gravitational-lensing", "astronomy", spec.task, spec.architecture],
        model_name=spec.id,
        eval_results=[entry for result in results for entry in _eval_results(result)],
    )
    sections = [
        _head(spec),
        _use(spec),
        _facts(spec),
        _training(spec),
        _measured(results),
        _failures(spec),
        _rest(spec),
    ]
    return ModelCard(f"---\n{front.to_yaml()}\n---\n\n" + "\n\n".join(filter(None, sections)) + "\n")


def _eval_results(result: Result) -> Iterator[EvalResult]:
    """An entry of the model-index for each metric that is defined."""
    for name, estimate in result.metrics.items():
        if estimate.value is not None:
            yield EvalResult(
                task_type=task_named(result.task).pipeline,
                task_name=result.task,
                dataset_type=result.benchmark,
                dataset_name=result.benchmark,
                dataset_revision=result.dataset.get("version"),
                dataset_args={"domain": result.dataset.get("domain"), "images": result.images},
                metric_type=name,
                metric_value=estimate.value,
                metric_args=_interval(estimate),
            )


def _interval(estimate: Estimate) -> dict[str, Any] | None:
    if estimate.low is None or estimate.high is None:
        return None
    return {"low": estimate.low, "high": estimate.high, "level": 0.95, "method": estimate.method}


def _head(spec: ModelSpec) -> str:
    return f"# {spec.id}\n\n{quoted(spec.summary)}".rstrip()


def _use(spec: ModelSpec) -> str:
    where = ', out_dir="restored"' if task_named(spec.task).written else ""
    return f"""## Use

    pip install zoo-core {spec.plugin}

```python
import zoo_core as zoo

model = zoo.load("{spec.id}")
table = model.predict("cutouts/*.fits"{where})
```

A download of this repository is a folder that `zoo.load(folder)` reads without a network."""


def _facts(spec: ModelSpec) -> str:
    rows = {
        "task": spec.task,
        **({"outputs": outputs} if (outputs := quoted(task_named(spec.task).describe(spec.heads))) else {}),
        "bands": ", ".join(spec.bands),
        "pixel scale": _scale(spec),
        "views": f"{spec.views}" + (", the dihedral group, averaged" if spec.views == 8 else ""),
        **({"cost": cost_in_words(spec)} if spec.cost else {}),
        **(_probabilities(spec) if task_named(spec.task).gives_probabilities else {}),
        **_errors(spec),
        "weights": f"{spec.weights.size:,} bytes, sha256 `{spec.weights.sha256}`",
    }
    operations = "\n".join(f"- {coded(json.dumps(operation))}" for operation in spec.preprocess)
    return (
        f"## Input and output\n\n{_table(['', ''], rows.items())}\n\nPreprocessing, part of the model:\n\n{operations}"
    )


def _scale(spec: ModelSpec) -> str:
    if spec.pixel_scale == ANY:
        return "any: pixels are taken as they are"
    return f"{spec.pixel_scale:g} arcsec; other pixels are resampled to it"


def _probabilities(spec: ModelSpec) -> dict[str, str]:
    prior = ", ".join(f"{fraction:g}" for fraction in spec.calibration.prior or ()) or "not stated"
    return {"temperature": f"{spec.calibration.temperature:g}", "prior": prior}


def _errors(spec: ModelSpec) -> dict[str, str]:
    scales = spec.calibration.error_scales
    named = [f"{name} {scale:.3g}" for name, scale in zip(spec.heads.parameters, scales, strict=False)]
    return {"errors multiplied by": ", ".join(named)} if named else {}


def _training(spec: ModelSpec) -> str:
    sets = f" It was trained on {', '.join(spec.training_sets)}." if spec.trained_on else ""
    return f"## Training\n\n{quoted(spec.training_data)}, {spec.domain}.{sets}"


def _measured(results: Sequence[Result]) -> str:
    return "\n\n".join(["## Measured", *map(_result, results)])


def _result(result: Result) -> str:
    images = ", ".join(f"{count:,} {quoted(name)}" for name, count in result.images.items())
    trained_on = "; **trained on images of this data set**" if result.seen else ""
    title = (
        f"### {quoted(result.benchmark)}\n\n{quoted(result.dataset.get('domain', ''))} images: {images}{trained_on}."
    )
    if result.status != "ok":
        return f"{title}\n\nFailed: {quoted(result.message)}"
    rows = [(quoted(name), _number(one.value), _range(one)) for name, one in result.metrics.items()]
    expected = real_false_positives(asdict(result))
    table = _table(["metric", "value", "95 % interval"], rows)
    return "\n\n".join(filter(None, [title, table, f"False positives: {quoted(expected)}." if expected else ""]))


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.4g}"


def _range(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{estimate.low:.4g} to {estimate.high:.4g}"


def _failures(spec: ModelSpec) -> str:
    if not spec.known_failures:
        return ""
    return "## Known failures\n\n" + "\n".join(f"- {quoted(sentence)}" for sentence in spec.known_failures)


def _rest(spec: ModelSpec) -> str:
    paper = f"\n\n## Cite\n\n```bibtex\n{spec.paper.strip().replace('```', '')}\n```" if spec.paper else ""
    return f"## Licence\n\n{spec.licence}{paper}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
