"""A site of very many models: those that were measured, again and again under other names."""

from dataclasses import replace

from zoo_core.board.tables import Table
from zoo_core.web.curves import Record
from zoo_core.web.measured import Measured
from zoo_core.web.shown import Pair, Shown
from zoo_core.web.site import Site
from zoo_core.web.views import View

__all__ = ["crowded_site"]


def crowded_site(site: Site, count: int) -> Site:
    """The site with so many models on each benchmark that has results; their predictions lie beside the others."""
    views = {
        name: View(_crowd(view.shown, count)) if view.shown.measured else view for name, view in site.views.items()
    }
    chapters = tuple(replace(one, views=tuple(views[each.id] for each in one.views)) for one in site.chapters)
    for view in views.values():
        for one in view.shown.measured:
            _keep_predictions(site, view.id, one.model)
    return replace(site, views=views, chapters=chapters)


def _crowd(shown: Shown, count: int) -> Shown:
    names = [f"{one.model}_{k}" for k in range(-(-count // len(shown.measured))) for one in shown.measured][:count]
    measured = [_renamed(one, name) for one, name in zip(shown.measured * count, names, strict=False)]
    return replace(
        shown,
        table=_table(shown.table, measured),
        measured=measured,
        numbers={name: number for number, name in enumerate(names)},
        plots=[replace(plot, records=_records(plot.by_model, names)) for plot in shown.plots],
        ranks={metric: {name: of[_old(name)] for name in names} for metric, of in shown.ranks.items()},
        pairs=[_pair(pair, names) for pair in shown.pairs],
        chosen={name: shown.chosen[_old(name)] for name in names},
    )


def _old(name: str) -> str:
    return name.rpartition("_")[0]


def _renamed(one: Measured, name: str) -> Measured:
    return replace(one, result=replace(one.result, model=name))


def _table(table: Table, measured: list[Measured]) -> Table:
    rows = {row.model: row for row in table.rows}
    return replace(
        table,
        rows=tuple(replace(rows[_old(one.model)], model=one.model, result=one.result) for one in measured),
    )


def _records(by_model: dict[str, list[Record]], names: list[str]) -> list[Record]:
    return [record | {"model": name} for name in names for record in by_model.get(_old(name), ())]


def _pair(pair: Pair, names: list[str]) -> Pair:
    """Of the last two models that were these."""
    models = tuple(max((name for name in names if _old(name) == old), key=names.index) for old in pair.models)
    now = {"": "", **dict(zip(pair.models, models, strict=True))}
    return replace(pair, models=models, metrics=[replace(one, better=now[one.better]) for one in pair.metrics])


def _keep_predictions(site: Site, benchmark: str, model: str) -> None:
    old = site.board.folders.path(benchmark, _old(model))
    old.with_name(f"{model}.parquet").write_bytes(old.with_suffix(".parquet").read_bytes())
