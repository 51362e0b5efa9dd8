"""The scores of `make demo` beside the truth: demo_truth.py scores.csv truth.csv."""

import sys

from astropy.table import Table, join
from sklearn.metrics import roc_auc_score

scores, truth = (Table.read(path) for path in sys.argv[1:3])
both = join(scores, truth, keys="id")
both.sort("p_lens", reverse=True)
lenses = int(both["label"].sum())
found = int(both["label"][:lenses].sum())
auroc = roc_auc_score(both["label"], both["p_lens"])
sys.stdout.write(
    f"\nOf {len(both)} cutouts {lenses} are lenses. The {lenses} best-ranked hold {found} of them; AUROC {auroc:.3f}.\n"
    f"Ranked first among the others: {', '.join(both['kind'][both['label'] == 0][:3])}.\n"
)
