"""Thirty random trials of the three-layer convnet with Optuna and PyTorch, in two processes of one
thread each: sweep.py digits|fashion-mnist DATA_DIR

Space, network, epochs and sizes of the parts are those of digits.toml and fashion-mnist.toml beside
this file. Data lie in memory as tensors and Adam is fused, so that little but training is measured.
"""

import gzip
import json
import multiprocessing
import os
import sys
import tempfile

N_TRIALS = 30
N_WORKERS = 2
BATCH = 64


def load_digits(_):
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    images = digits.images.astype("float32")
    return train_test_split(images, digits.target, test_size=360, random_state=0, stratify=digits.target)


def load_fashion(data):
    import numpy as np

    def idx(name, skip):
        with gzip.open(os.path.join(data, name)) as file:
            return np.frombuffer(file.read(), np.uint8, offset=skip)

    images = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28).astype("float32")
    labels = idx("train-labels-idx1-ubyte.gz", 8)
    order = np.random.default_rng(0).permutation(len(labels))
    train, validation = order[:10_000], order[10_000:20_000]
    return images[train], images[validation], labels[train], labels[validation]


# Loader, filters, hidden units, epochs.
SWEEPS = {"digits": (load_digits, 32, 100, 10), "fashion-mnist": (load_fashion, 16, 64, 3)}


def work(name, data, storage, n_trials):
    import optuna
    import torch
    import torch.nn.functional as F
    from torch import nn

    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    load, n_filters, hidden, epochs = SWEEPS[name]
    x_train, x_validation, y_train, y_validation = load(data)
    mean, deviation = x_train.mean(), x_train.std()
    to_input = lambda x: torch.from_numpy((x - mean) / deviation).unsqueeze(1)
    x_train, x_validation = to_input(x_train), to_input(x_validation)
    y_train, y_validation = (torch.tensor(y, dtype=torch.int64) for y in (y_train, y_validation))
    size = x_train.shape[-1]

    def objective(trial):
        learning_rate = trial.suggest_float("learning_rate", 1e-5, 1e-1, log=True)
        lr_decay = trial.suggest_float("lr_decay", 0.8, 1.0)
        l2 = trial.suggest_float("l2", 1e-6, 1e-1, log=True)
        torch.manual_seed(trial.number)
        net = nn.Sequential(
            nn.Conv2d(1, n_filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(n_filters * (size // 2) ** 2, hidden), nn.ReLU(), nn.Linear(hidden, 10),
        )
        weights = [p for p in net.parameters() if p.dim() > 1]
        biases = [p for p in net.parameters() if p.dim() == 1]
        groups = [{"params": weights, "weight_decay": l2}, {"params": biases}]
        adam = torch.optim.Adam(groups, lr=learning_rate, fused=True)
        schedule = torch.optim.lr_scheduler.ExponentialLR(adam, lr_decay)
        accuracies = []
        for _ in range(epochs):
            net.train()
            for batch in torch.randperm(len(y_train)).split(BATCH):
                if len(batch) < BATCH:
                    break
                adam.zero_grad(set_to_none=True)
                F.cross_entropy(net(x_train[batch]), y_train[batch]).backward()
                adam.step()
            schedule.step()
            net.eval()
            with torch.no_grad():
                scores = torch.cat([net(part) for part in x_validation.split(1024)])
            accuracies.append((scores.argmax(1) == y_validation).float().mean().item())
        return max(accuracies)

    study = optuna.load_study(study_name=name, storage=open_storage(storage), sampler=optuna.samplers.RandomSampler())
    study.optimize(objective, n_trials=n_trials)


def open_storage(path):
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(path))


if __name__ == "__main__":
    name, data = sys.argv[1:]
    import optuna

    with tempfile.TemporaryDirectory() as folder:
        storage = os.path.join(folder, "journal")
        study = optuna.create_study(study_name=name, storage=open_storage(storage), direction="maximize")
        context = multiprocessing.get_context("spawn")
        arguments = (name, data, storage, N_TRIALS // N_WORKERS)
        workers = [context.Process(target=work, args=arguments) for _ in range(N_WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        values = sorted(trial.value for trial in study.get_trials())
        assert len(values) == N_TRIALS
        print(json.dumps({"best": values[-1], "median": (values[14] + values[15]) / 2}))
