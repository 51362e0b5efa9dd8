"""The pages as text: templates filled with the site."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..board.markdown import IDEAL, NOTES, caption, cell, domains, overlaps, population, strata_of, strata_rows
from ..board.tables import Row
from ..catalog.cost import cost_in_words
from ..tasks import task_named
from .site import Chapter, Site
from .views import View, rows_at_first

__all__ = ["Filling"]

FACETS = (
    ("task", "Task"),
    ("domain", "Measured on"),
    ("bands", "Bands"),
    ("scale", "Pixel scale"),
    ("licence", "Licence"),
    ("badge", "Verified"),
)


@dataclass(frozen=True)
class Filling:
    """All pages of a site."""

    site: Site

    def pages(self) -> Iterator[tuple[str, str]]:
        """Names and contents."""
        site = self.site
        yield "index.html", self._index()
        yield "compare.html", self._page("compare.html", "", page="compare")
        for chapter in site.chapters:
            yield f"{chapter.subject.name}.html", self._subject(chapter)
        for view in site.views.values():
            yield f"benchmark/{view.id}.html", self._benchmark(view)
        for model in site.models:
            yield f"model/{model}.html", self._model(model)

    def parts(self) -> Iterator[tuple[str, str, str]]:
        """What pages with many models leave out at first: the benchmark's id, the name of the part, the HTML."""
        parts: Any = self._environment.get_template("parts.html").module
        for view in self.site.views.values():
            if len(view.shown.table.rows) > self._fewest_rows(view):
                yield view.id, "rows", parts.board_rows(view, "", 0)
            if view.is_crowded:
                yield view.id, "strata", parts.strata(view)
                yield view.id, "predictions", parts.predictions(view, "")

    def _fewest_rows(self, view: View) -> int:
        """How many rows of a benchmark's table that of its pages holds that holds fewest."""
        subjects = [one for one in self.site.chapters if any(each is view for each in one.measured)]
        return min([rows_at_first([view.shown.table]), *map(_rows_of_each, subjects)])

    def _subject(self, chapter: Chapter) -> str:
        facets = list(self._facets(chapter))
        return self._page("subject.html", "", chapter=chapter, facets=facets, at_first=_rows_of_each(chapter))

    def _benchmark(self, view: View) -> str:
        baselines, at_first = self.site.baselines(view), rows_at_first([view.shown.table])
        return self._page("benchmark.html", "../", one=view, baselines=baselines, at_first=at_first)

    def _index(self) -> str:
        site = self.site
        simulated = all(view.shown.domain != "real" for view in site.views.values())
        listed = [site.listed.models[id] for id in site.models if id in site.listed.models]
        return self._page("index.html", "", page="index", simulated_only=simulated, models=listed)

    def _model(self, model: str) -> str:
        site = self.site
        rows, spec = site.results_of(model), site.listed.models.get(model)
        context = {
            "id": model,
            "spec": spec,
            "rows": rows,
            "cost": "" if spec is None else cost_in_words(spec),
            "speeds": [self._speed_in_words(row) for _, row in rows if site.speed(row)],
            "outputs": "" if spec is None else task_named(spec.task).describe(spec.heads),
            "writes_images": spec is not None and bool(task_named(spec.task).written),
            "facts": site.facts(model),
            "recipe": site.recipes.get(model, ""),
        }
        return self._page("model.html", "../", **context)

    def _page(self, template: str, up: str, **context: Any) -> str:
        site = self.site
        shared = {"up": up, "chapters": site.chapters, "edition": site.edition, "home": site.home, "page": ""}
        return self._environment.get_template(template).render(shared | context)

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=PackageLoader("zoo_core.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals |= {
            "caption": caption,
            "cell": cell,
            "domains": domains,
            "facts_of": self.site.facts,
            "ideal_mark": IDEAL,
            "notes": NOTES,
            "overlaps": overlaps,
            "population": population,
            "speed": self.site.speed,
            "strata_of": strata_of,
            "strata_rows": strata_rows,
        }
        return environment

    def _facets(self, chapter: Chapter) -> Iterator[tuple[str, str, list[str]]]:
        """Name, title and choices of each filter."""
        rows = [(view, row) for view in chapter.measured for row in view.shown.table.rows]
        for name, title in FACETS:
            yield name, title, sorted({self._facet(name, view, row) for view, row in rows} - {""})

    def _facet(self, name: str, view: View, row: Row) -> str:
        facts = self.site.facts(row.model)
        known = {
            "task": view.shown.task,
            "domain": view.shown.domain,
            "badge": row.badge or "none",
            "bands": facts.bands,
            "scale": facts.pixel_scale,
            "licence": facts.licence,
        }
        return known[name]

    def _speed_in_words(self, row: Row) -> str:
        assert row.result is not None  # there is a speed
        device = row.result.machine.get("device", "an unknown machine")
        return f"{self.site.speed(row):.3g} images/s on {device} ({row.result.benchmark})"


def _rows_of_each(chapter: Chapter) -> int:
    return rows_at_first([view.shown.table for view in chapter.measured])
