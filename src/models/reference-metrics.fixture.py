"""Writes reference-metrics.fixture.ts: what scikit-learn measures of random outputs.

python reference-metrics.fixture.py > reference-metrics.fixture.ts
"""

import numpy as np
import sklearn
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    mean_absolute_error,
    precision_recall_fscore_support,
    r2_score,
    root_mean_squared_error,
)

random = np.random.default_rng(21)


def numbers(values):
    return "[" + ", ".join(repr(value) for value in np.ravel(values).tolist()) + "]"


def sorted_rows(rows, classes, present):
    """Only the first `present` classes occur."""
    targets = random.integers(0, present, rows)
    chances = random.dirichlet(np.ones(classes), rows)
    chances[np.arange(rows), targets] += 0.5 * random.random(rows)
    chances = np.round(chances / chances.sum(axis=1, keepdims=True), 4)
    chances[:, -1] = np.round(1 - chances[:, :-1].sum(axis=1), 4)
    told, labels = chances.argmax(axis=1), range(classes)
    scores = precision_recall_fscore_support(targets, told, labels=labels, zero_division=0)
    mean = precision_recall_fscore_support(targets, told, labels=labels, zero_division=0, average="weighted")
    confusion = confusion_matrix(targets, told, labels=labels)
    loss = log_loss(targets, chances, labels=labels)
    return f"""{{
    classes: {classes},
    targets: {numbers(targets)},
    outputs: {numbers(chances)},
    plainLoss: {float(loss)!r},
    accuracy: {float(accuracy_score(targets, told))!r},
    precision: {float(mean[0])!r},
    recall: {float(mean[1])!r},
    f1: {float(mean[2])!r},
    confusion: {numbers(confusion)},
    precisions: {numbers(scores[0])},
    recalls: {numbers(scores[1])},
    f1s: {numbers(scores[2])},
  }}"""


def foretold_rows(rows):
    targets = np.round(random.normal(0.0003, 0.01, rows), 5)
    outputs = np.round(0.6 * targets + random.normal(0, 0.006, rows), 5)
    return f"""{{
    targets: {numbers(targets)},
    outputs: {numbers(outputs)},
    meanAbsoluteError: {float(mean_absolute_error(targets, outputs))!r},
    rootMeanSquareError: {float(root_mean_squared_error(targets, outputs))!r},
    r2: {float(r2_score(targets, outputs))!r},
    directionalAccuracy: {float(accuracy_score(np.sign(targets), np.sign(outputs)))!r},
  }}"""


print(f"""/** Written by reference-metrics.fixture.py with scikit-learn {sklearn.__version__}. */
export const referenceMetrics = {{
  classes: [{sorted_rows(40, 3, 3)}, {sorted_rows(24, 4, 4)}, {sorted_rows(12, 3, 2)}],
  values: [{foretold_rows(30)}, {foretold_rows(9)}],
}};""")
