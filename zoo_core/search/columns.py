"""What the columns of a table of candidates are: unit, UCD and a line about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["About", "about"]


@dataclass(frozen=True)
class About:
    """Of a column.

    Arguments:
        ucd: word of the controlled vocabulary of UCD1+ (IVOA), or empty.
        summary: what it is.
        unit: or empty.
    """

    ucd: str = ""
    summary: str = ""
    unit: str = ""


_KNOWN = {
    "rank": About("meta.number", "place among the candidates, the most probable first"),
    "id": About("meta.id;meta.main", "name of the object in the catalogue"),
    "path": About("meta.ref", "tile and row of the catalogue"),
    "message": About("meta.note", "what was not as it should be"),
    "ra": About("pos.eq.ra;meta.main", "right ascension", "deg"),
    "dec": About("pos.eq.dec;meta.main", "declination", "deg"),
    "p_at_prevalence": About("stat.probability", "probability of a lens where lenses are as rare as was stated"),
    "anomaly_score": About("stat.value", "the higher, the stranger"),
    "alike": About("meta.id.assoc", "id of the candidate whose features are most like these"),
    "alike_cosine": About("stat.correlation", "cosine of the angle between the features of both"),
    "latent_1": About("", "place along the direction in which the finder's features of the candidates differ most"),
    "latent_2": About("", "the same along the direction after that"),
    "novelty": About("stat.value", "how unlike the images that it learned from; above 1 it is"),
    "outside": About("meta.note", "parameters outside of what it learned from"),
    "theta_E": About("phys.angSize", "Einstein radius"),
    "theta_E_err": About("stat.error;phys.angSize", "its standard deviation"),
}


def about(name: str, probability: str, units: Mapping[str, str]) -> About:
    """Of the column of that name.

    Arguments:
        name: of the column.
        probability: name of the column of the finder's probability.
        units: of the columns of models.
    """
    if name == probability:
        return About("stat.probability", "probability of a lens by the finder, for the prior that it assumes")
    known = _KNOWN.get(name, About(ucd="stat.error" if name.endswith("_err") and name in units else ""))
    return About(known.ucd, known.summary, units.get(name, known.unit))
