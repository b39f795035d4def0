"""Optuna's strategies on the objective that finetooth answers for; the last line printed is JSON for the caller.

Usage: beside.py BRIDGE OURS, where BRIDGE is the program that answers and OURS a JSON file of finetooth's own runs.
"""

import json
import statistics
import subprocess
import sys

import optuna
from scipy.stats import wilcoxon

# Regret, in shares of the metric, that counts as found.
FOUND = 0.01
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


class Problem:
    """One objective: what trials report and what values are worth."""

    def __init__(self, bridge, kind, decades, learning_rates, seed, epochs, budget):
        self.bridge, self.learning_rates, self.seed = bridge, learning_rates, seed
        self.which = {"kind": kind, "decades": decades, "seed": seed}
        self.epochs, self.budget = epochs, budget

    def curve(self, params, seed):
        return self.bridge.ask(**self.which, trial_seed=seed, params=params)["curve"]

    def worth(self, params):
        return self.bridge.ask(**self.which, trial_seed=None, params=params)["worth"]


class Course:
    """The best trial so far over the epochs spent."""

    def __init__(self):
        self.spent, self.best, self.leads = 0, float("-inf"), []

    def take(self, metric, params):
        self.spent += 1
        if metric is not None and metric > self.best:
            self.best = metric
            if not self.leads or self.leads[-1][1] != params:
                self.leads.append((self.spent, params))


def figures(points, winner, best, epochs):
    """Full trainings until the first find; regret of the best trial after 8 and 24 full trainings."""

    def regret(worth):
        return 1.0 if worth is None else best - worth

    def at(trainings):
        before = [worth for spent, worth in points if spent <= trainings * epochs]
        return regret(before[-1]) if before else 1.0

    reached = [spent for spent, worth in points if regret(worth) <= FOUND]
    return {
        "first": reached[0] / epochs if reached else None,
        "at_8": at(8),
        "at_24": regret(winner) if winner is not None else at(24),
    }


def strategies(seed, epochs):
    hyperband = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3)
    nothing = optuna.pruners.NopPruner()
    return {
        "random": (optuna.samplers.RandomSampler(seed=seed), nothing),
        "TPE": (optuna.samplers.TPESampler(seed=seed), nothing),
        "TPE and Hyperband": (optuna.samplers.TPESampler(seed=seed), hyperband),
        "CMA-ES": (optuna.samplers.CmaEsSampler(seed=seed), nothing),
    }


def run(problem, sampler, pruner):
    course = Course()
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    low, high = problem.learning_rates
    whole = problem.budget * problem.epochs

    def objective(trial):
        params = {
            "learning_rate": trial.suggest_float("learning_rate", low, high, log=True),
            "lr_decay": trial.suggest_float("lr_decay", 0.8, 1.0),
            "l2": trial.suggest_float("l2", 1e-6, 1e-1, log=True),
        }
        best = 0.0
        for epoch, metric in enumerate(problem.curve(params, trial.number + 1), 1):
            course.take(metric, params)
            best = max(best, metric if metric is not None else 0.0)
            if course.spent >= whole:
                study.stop()
                return best
            trial.report(best, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned()
        return best

    while course.spent < whole:
        study.optimize(objective, n_trials=10)
    points = [(spent, problem.worth(params)) for spent, params in course.leads]
    return {"points": points, "winner": None}


def main():
    bridge = Bridge(sys.argv[1])
    with open(sys.argv[2]) as file:
        ours = json.load(file)
    kind, epochs, budget = ours["kind"], ours["epochs"], ours["budget"]
    courses, best = [], {}
    for problem in ours["problems"]:
        decades, rates = problem["decades"], problem["learning_rates"]
        strategy_runs = {"finetooth": problem["each"]}
        for own in problem["each"]:
            seed = own["seed"]
            here = Problem(bridge, kind, decades, rates, seed, epochs, budget)
            for name, (sampler, pruner) in strategies(seed, epochs).items():
                strategy_runs.setdefault(name, []).append(run(here, sampler, pruner))
        courses.append((decades, strategy_runs))
        # Where the best is not known: what any search of the same data came upon.
        for index, own in enumerate(problem["each"]):
            if own["best"] is not None:
                continue
            for runs in strategy_runs.values():
                found = [worth for _, worth in runs[index]["points"]] + [runs[index]["winner"]]
                found = [worth for worth in found if worth is not None]
                best[own["seed"]] = max(found + [best.get(own["seed"], 0.0)])
    rows = []
    for (decades, strategy_runs), problem in zip(courses, ours["problems"]):
        told = {
            name: [
                figures(each["points"], each["winner"], best.get(own["seed"], own["best"]), epochs)
                for each, own in zip(runs, problem["each"])
            ]
            for name, runs in strategy_runs.items()
        }
        for name, each in told.items():
            beside = None if name == "finetooth" else told["finetooth"]
            rows.append({"decades": decades, "strategy": name, **summary(each, beside)})
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
