import runpy
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "demo_truth.py"

SCORES = "id,path,status,message,p_lens\na,a.fits,ok,,0.9\nb,b.fits,ok,,0.7\nc,c.fits,ok,,0.8\nd,d.fits,ok,,0.1\n"
TRUTH = "id,label,kind\na,1,clumpy\nb,1,compact\nc,0,ring\nd,0,star\n"


def test_the_demo_says_how_the_ranking_compares_with_the_truth(tmp_path: Path, monkeypatch, capsys):
    (tmp_path / "scores.csv").write_text(SCORES)
    (tmp_path / "truth.csv").write_text(TRUTH)
    paths = [str(tmp_path / name) for name in ("scores.csv", "truth.csv")]
    monkeypatch.setattr(sys, "argv", [str(EXAMPLE), *paths])

    runpy.run_path(str(EXAMPLE), run_name="__main__")

    output = capsys.readouterr().out
    assert "Of 4 cutouts 2 are lenses. The 2 best-ranked hold 1 of them; AUROC 0.750." in output
    assert "Ranked first among the others: ring, star." in output
