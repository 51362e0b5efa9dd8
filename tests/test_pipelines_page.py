"""The code of the tutorial of pipelines, of few images."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "docs" / "tutorials" / "pipelines.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_code_of_the_tutorial_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    names = {}

    for block in BLOCKS:
        exec(re.sub(r"n=64\b", "n=8", block), names)

    said = capsys.readouterr().out
    assert (tmp_path / "stages.png").exists() and len(names["table"]) == 8
    assert "state no errors of their images" in said and "- unet.denoise\n  - lastro.space" in said
