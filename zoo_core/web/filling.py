"""The pages as text: templates filled with the site."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..board.markdown import NOTES, caption, cell, domains, heading, overlaps, strata_of, strata_rows
from ..board.tables import Row
from .site import Chapter, Site
from .views import View

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
            facets = list(self._facets(chapter))
            yield f"{chapter.subject.name}.html", self._page("subject.html", "", chapter=chapter, facets=facets)
        for view in site.views.values():
            baselines = site.baselines(view)
            yield f"benchmark/{view.id}.html", self._page("benchmark.html", "../", one=view, baselines=baselines)
        for model in site.models:
            yield f"model/{model}.html", self._model(model)

    def _index(self) -> str:
        site = self.site
        simulated = all(view.shown.domain != "real" for view in site.views.values())
        listed = [site.listed.models[id] for id in site.models if id in site.listed.models]
        return self._page("index.html", "", page="index", simulated_only=simulated, models=listed)

    def _model(self, model: str) -> str:
        site = self.site
        rows = site.results_of(model)
        speeds = [self._speed_in_words(row) for _, row in rows if site.speed(row)]
        context = {"id": model, "spec": site.listed.models.get(model), "rows": rows, "speeds": speeds}
        return self._page("model.html", "../", **context, facts=site.facts(model), recipe=site.recipes.get(model, ""))

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
            "heading": heading,
            "notes": NOTES.replace("*", ""),
            "overlaps": overlaps,
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
