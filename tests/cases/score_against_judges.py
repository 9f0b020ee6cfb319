"""The figures of `score` against those of scikit-learn and SciPy, on three label sets that scikit-learn ships.

Run by hand: `.venv/bin/python tests/cases/score_against_judges.py`. The judges are installed into a temporary folder; a
line a comparison is printed, and the exit code is 1 where one differs by more than a billionth.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from claude_batch_tui.domain.results.scoring import by_value, marked, mcnemar, score

PACKAGES = ("scikit-learn==1.7.2", "scipy==1.15.3")
_JUDGE = """
import json, sys
from scipy.stats import binomtest, chi2, pearsonr
from sklearn import metrics
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB

sets = {}
for load in (load_iris, load_wine, load_digits):
    data = load()
    names = [str(name) for name in data.target_names]
    first, second = (cross_val_predict(model, data.data[:, :3], data.target, cv=5) for model in (GaussianNB(), RidgeClassifier()))
    truth = data.target
    labels = sorted({int(one) for one in truth} | {int(one) for one in first})
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truth, first, labels=labels, zero_division=0)
    wins = int(((first == truth) & (second != truth)).sum()), int(((first != truth) & (second == truth)).sum())
    interval = binomtest(int((first == truth).sum()), len(truth)).proportion_ci(method="wilson")
    sets[load.__name__.removeprefix("load_")] = {
        "truth": [names[one] for one in truth], "first": [names[one] for one in first],
        "second": [names[one] for one in second], "numbers": [[int(a), int(b)] for a, b in zip(truth, first)],
        "accuracy": metrics.accuracy_score(truth, first), "kappa": metrics.cohen_kappa_score(truth, first),
        "macro_f1": f1.mean(), "interval": [interval.low, interval.high],
        "labels": {names[one]: [precision[at], recall[at], f1[at], int(support[at])] for at, one in enumerate(labels)},
        "matrix": metrics.confusion_matrix(truth, first, labels=labels).tolist(), "order": [names[one] for one in labels],
        "mcnemar": binomtest(wins[0], sum(wins)).pvalue if sum(wins) else 1.0,
        "rmse": metrics.mean_squared_error(truth, first) ** 0.5, "mae": metrics.mean_absolute_error(truth, first),
        "r": pearsonr(truth, first).statistic,
    }
json.dump({"sets": sets, "chi2": chi2.sf(99**2 / 1100, 1)}, sys.stdout)
"""


def judged() -> dict[str, Any]:
    """What the judges say of the three sets."""
    with tempfile.TemporaryDirectory() as folder:
        install = ["uv", "pip", "install", "-q", "--python", sys.executable, "--target", folder, *PACKAGES]
        subprocess.run(install, check=True)
        done = subprocess.run(
            [sys.executable, "-c", _JUDGE],
            env={"PYTHONPATH": folder, "PATH": ""},
            check=True,
            capture_output=True,
            cwd=Path(folder),
        )
    return json.loads(done.stdout)


def pairs_of(name: str, said: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """What is compared of one set: a name, ours, theirs."""
    truth, first, second = said["truth"], said["first"], said["second"]
    ours = score(marked(one, other, is_missing=False) for one, other in zip(truth, first, strict=True))
    numbers = score(
        by_value([marked(str(one), f"{other}.0", is_missing=False) for one, other in said["numbers"]])
    ).numbers
    counts = {(cell.expected, cell.answer): cell.count for cell in ours.matrix}
    matrix = [[counts.get((row, column), 0) for column in said["order"]] for row in said["order"]]
    labels = {one.label: [one.precision or 0, one.recall or 0, one.f1, one.support] for one in ours.labels}
    paired = mcnemar(
        (one == right, other == right) for right, one, other in zip(truth, first, second, strict=True)
    )
    assert ours.accuracy is not None
    assert numbers is not None
    flat = [value for label in said["order"] for value in labels[label]]
    return [
        (f"{name}: accuracy", ours.accuracy.share, said["accuracy"]),
        (f"{name}: Wilson, low", ours.accuracy.low, said["interval"][0]),
        (f"{name}: Wilson, high", ours.accuracy.high, said["interval"][1]),
        (f"{name}: kappa", ours.kappa, said["kappa"]),
        (f"{name}: macro F1", ours.macro_f1, said["macro_f1"]),
        *(
            (f"{name}: by label", a, b)
            for a, b in zip(flat, [each for one in said["labels"].values() for each in one], strict=True)
        ),
        (f"{name}: matrix", matrix, said["matrix"]),
        (f"{name}: McNemar", paired.p, said["mcnemar"]),
        (f"{name}: RMSE", numbers.rmse, said["rmse"]),
        (f"{name}: mean absolute error", numbers.mean_absolute_error, said["mae"]),
        (f"{name}: correlation", numbers.correlation, said["r"]),
    ]


def main() -> int:
    """Compare."""
    said = judged()
    compared = [one for name, each in said["sets"].items() for one in pairs_of(name, each)]
    large = mcnemar([(True, False)] * 600 + [(False, True)] * 500).p
    compared.append(("McNemar of 1,100: chi-squared", large, said["chi2"]))
    wrong = 0
    for name, ours, theirs in compared:
        same = ours == theirs if isinstance(ours, list) else abs(ours - theirs) < 1e-9
        wrong += not same
        print(f"{'same' if same else 'NOT THE SAME'}  {name}  {msgspec.json.encode(ours).decode()[:60]}")
    started = time.process_time()
    score(
        [
            marked(f"l{n % 7}", f"l{n % 5}", is_missing=False, ways=("case", "space", "punct"))
            for n in range(10_000)
        ]
    )
    print(f"10,000 labels: {time.process_time() - started:.3f} s")
    print(f"{len(compared) - wrong} of {len(compared)} the same")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
