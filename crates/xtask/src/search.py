"""Optuna's strategies on the surrogate that finetooth answers for; the last line printed is JSON for the caller.

Usage: search.py BRIDGE OURS, where BRIDGE is the program that answers and OURS a JSON file of finetooth's own runs.
"""

import json
import statistics
import subprocess
import sys

import optuna
from scipy.stats import wilcoxon

EPOCHS, BUDGET = 27, 24
optuna.logging.set_verbosity(optuna.logging.ERROR)


class Bridge:
    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, "bridge"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Course:
    """The regret of the best trial so far over the epochs spent."""

    def __init__(self):
        self.spent, self.best, self.points = 0, float("-inf"), []

    def take(self, metric, regret):
        self.spent += 1
        if metric is not None and metric > self.best:
            self.best = metric
            self.points.append((self.spent, 1.0 if regret is None else regret))

    def figures(self):
        def at(trainings):
            regret = 1.0
            for spent, value in self.points:
                if spent <= trainings * EPOCHS:
                    regret = value
            return regret

        reached = [spent for spent, regret in self.points if regret <= 0.01]
        first = reached[0] / EPOCHS if reached else None
        return {"first": first, "at_8": at(8), "at_24": at(24)}


def strategies(seed):
    hyperband = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=EPOCHS, reduction_factor=3)
    nothing = optuna.pruners.NopPruner()
    return {
        "random": (optuna.samplers.RandomSampler(seed=seed), nothing),
        "TPE": (optuna.samplers.TPESampler(seed=seed), nothing),
        "TPE and Hyperband": (optuna.samplers.TPESampler(seed=seed), hyperband),
        "CMA-ES": (optuna.samplers.CmaEsSampler(seed=seed), nothing),
    }


def run(bridge, decades, seed, sampler, pruner):
    course = Course()
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)

    def objective(trial):
        params = {
            "learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True),
            "lr_decay": trial.suggest_float("lr_decay", 0.8, 1.0),
            "l2": trial.suggest_float("l2", 1e-6, 1e-1, log=True),
        }
        answer = bridge.ask(decades=decades, seed=seed, trial_seed=trial.number + 1, params=params)
        best = 0.0
        for epoch, metric in enumerate(answer["curve"], 1):
            course.take(metric, answer["regret"])
            best = max(best, metric if metric is not None else 0.0)
            if course.spent >= BUDGET * EPOCHS:
                study.stop()
                return best
            trial.report(best, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned()
        return best

    while course.spent < BUDGET * EPOCHS:
        study.optimize(objective, n_trials=10)
    return course.figures()


def main():
    bridge = Bridge(sys.argv[1])
    with open(sys.argv[2]) as file:
        ours = json.load(file)
    rows = []
    for decades, runs in ours.items():
        rows.append({"decades": decades, "strategy": "finetooth", **summary(runs, None)})
        names = list(strategies(0))
        theirs = {name: [] for name in names}
        for own in runs:
            for name, (sampler, pruner) in strategies(own["seed"]).items():
                theirs[name].append(run(bridge, float(decades), own["seed"], sampler, pruner))
        for name in names:
            rows.append({"decades": decades, "strategy": name, **summary(theirs[name], runs)})
    print(json.dumps(rows))


def summary(runs, ours):
    reached = [figures["first"] for figures in runs if figures["first"] is not None]
    row = {
        "n": len(runs),
        "n_reached": len(reached),
        # Half of the runs must have reached it for a median.
        "first": sorted(reached)[(len(runs) - 1) // 2] if 2 * len(reached) > len(runs) else None,
        "at_8": statistics.median(figures["at_8"] for figures in runs),
        "at_24": statistics.median(figures["at_24"] for figures in runs),
    }
    for moment in ("at_8", "at_24"):
        pairs = [(own[moment], their[moment]) for own, their in zip(ours or [], runs)]
        apart = [own - their for own, their in pairs]
        row["p_" + moment] = float(wilcoxon(apart).pvalue) if any(apart) else None
    return row


main()
