"""Draws a sweep over the learning rate from its CSVs: every trial, the ranges of each round, the best trial's curves.

    pip install pandas matplotlib
    python docs/picture.py results/digits-misplaced        # writes picture.svg
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "finetooth"  # the same bytes every time

import matplotlib.pyplot as plt
import pandas as pd

results = Path(sys.argv[1])
trials = pd.read_csv(results / "trials.csv")
epochs = pd.read_csv(results / "epochs.csv")
stages = pd.read_csv(results / "stages.csv")

palette = ["#0072B2", "#E69F00", "#009E73", "#CC79A7"]  # told apart by the colour-blind
colours = dict(zip(trials.stage.unique(), palette))
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), width_ratios=[3, 2])

for stage, group in trials.groupby("stage", sort=False):
    left.scatter(group.learning_rate, group.val_accuracy, s=16, color=colours[stage], label=stage, linewidths=0)
ranges = stages[stages.key == "learning_rate"].reset_index(drop=True)
for row in ranges.itertuples():
    height = -0.04 - 0.045 * row.Index
    left.plot([row.low, row.high], [height, height], linewidth=4, color=colours[row.stage], solid_capstyle="butt")
    move = row.move.replace("_high", "").replace("_low", "") if row.move != "kept" else ""
    left.text(row.high * 1.25, height, f"{row.stage} {move}", va="center", fontsize=7, color="#444444")
left.set(xscale="log", xlabel="learning rate", ylabel="validation accuracy")
left.set(xlim=(ranges.low.min() / 2, ranges.high.max() * 30), ylim=(-0.04 - 0.045 * len(ranges), 1.02))
left.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
left.set_title("every trial, and the ranges below", fontsize=10)
left.legend(frameon=False, loc="upper left")

best = trials.loc[trials.val_accuracy.idxmax()]
curve = epochs[epochs.trial == best.trial]
right.plot(curve.epoch, curve.train_accuracy, color="#56B4E9", label="train")
right.plot(curve.epoch, curve.val_accuracy, color="#D55E00", label="validation")
right.set(xlabel="epoch", ylabel="accuracy")
right.set_title(f"the best, trial {best.trial}: {best.val_accuracy:.4f}", fontsize=10)
right.legend(frameon=False, loc="lower right")

for axes in (left, right):
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
figure.tight_layout()
figure.savefig("picture.svg", metadata={"Date": None})
