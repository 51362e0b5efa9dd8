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
        few = block.replace("n=64", "n=4").replace("slice(0, 4)", "slice(0, 2)").replace("size=(500,", "size=(20,")
        exec(few, names)

    said = capsys.readouterr().out
    assert (tmp_path / "stages.png").exists() and len(names["table"]) == 4
    assert said.count("<Model pipeline") == 2
    assert "these members state none: unet.denoise" in said and "- unet.denoise\n  - lastro.space" in said
