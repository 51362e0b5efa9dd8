"""The plots of posteriors are drawn of stored predictions."""

import numpy as np

from zoo_core.bench.metrics.named import select
from zoo_core.bench.metrics.posteriors import band
from zoo_core.bench.results import read_result
from zoo_core.bench.summary import summarise
from zoo_core.scores import ParameterScores
from zoo_core.tasks import Heads, task_named
from zoo_core.web.libraries import still_picture
from zoo_core.web.measured import Measured
from zoo_core.web.plots import plots_of

from ..stored_results import MadeUp, store_result

HEADS = Heads(parameters=("theta_E", "q"), units=("arcsec", ""))
METRICS = task_named("regression").metrics(HEADS)


def test_posteriors_are_drawn_and_parameters_without_truth_are_not(tmp_path):
    rng, n = np.random.default_rng(0), 200
    truth = {"id": np.arange(n).astype(str), "theta_E": rng.uniform(0.5, 2, n), "q": np.full(n, np.nan)}
    columns = {"theta_E": truth["theta_E"] + rng.normal(0, 0.1, n), "q": np.full(n, 0.5)}
    columns |= {"theta_E_err": np.full(n, 0.1), "q_err": np.full(n, 0.1)}
    scores = ParameterScores(
        {name: columns[name] for name in HEADS.parameters}, {"theta_E": columns["theta_E_err"], "q": columns["q_err"]}
    )
    numbers = summarise(scores, truth, select(["sbc[theta_E]", "tarp"], "regression", METRICS), HEADS, {})
    settings = {"classes": [], "parameters": list(HEADS.parameters), "prior": [], "bands": ["VIS"]}
    path = store_result(tmp_path, "any.one", "rings", MadeUp("regression", columns, truth, numbers), settings=settings)
    measured = [Measured(read_result(path), scores, truth)]

    plots = {plot.name: plot for plot in plots_of(measured, {"any.one": 0})}

    assert {"recovered-theta_E", "coverage-curve-theta_E", "pulls-theta_E", "sbc-theta_E", "tarp"} <= set(plots)
    assert not any(name.endswith("-q") for name in plots)
    for plot in plots.values():
        assert "<svg" in still_picture(plot.still())
    curve = plots["coverage-curve-theta_E"].records
    assert max(abs(record["share"] - record["level"]) for record in curve) < band(n)
    recovered = plots["recovered-theta_E"].records
    assert all(record["low95"] < record["low68"] < record["median"] < record["high68"] for record in recovered)
