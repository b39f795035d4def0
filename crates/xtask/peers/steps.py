"""Speed of PyTorch's training steps on one thread: steps.py WORKLOAD MODE SECONDS

Prints a line of JSON. Networks as in ../src/workload.rs; Adam, single precision, one batch in
memory. Modes: default, fused (Adam in one kernel), channels-last, fused-channels-last.
"""

import json
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def convnet(channels, size, n_filters, k, hidden):
    flat = n_filters * (size // 2) ** 2
    conv = [nn.Conv2d(channels, n_filters, k, padding=k // 2), nn.ReLU(), nn.MaxPool2d(2)]
    return (channels, size, size), [*conv, *head(flat, hidden)]


def mlp(*sizes):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return (sizes[0],), layers[:-1]


def head(flat, hidden):
    return [nn.Flatten(), nn.Linear(flat, hidden), nn.ReLU(), nn.Linear(hidden, 10)]


def normed(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]


def vgg():
    first = [*normed(3, 32), *normed(32, 32), nn.MaxPool2d(2)]
    second = [*normed(32, 64), *normed(64, 64), nn.MaxPool2d(2)]
    return (3, 32, 32), [*first, *second, *head(64 * 64, 128)]


def deep():
    convs = [nn.Conv2d(3, 24, 3, padding=1), nn.ReLU(), nn.Conv2d(24, 40, 3, padding=1), nn.ReLU()]
    return (3, 31, 31), [*convs, nn.MaxPool2d(2), *head(40 * 15 * 15, 90)]


WORKLOADS = {
    "w1": (64, lambda: convnet(3, 32, 32, 7, 100)),
    "w2": (64, lambda: convnet(1, 8, 16, 3, 64)),
    "w3": (64, lambda: mlp(784, 256, 128, 10)),
    "w4": (64, vgg),
    "odd-convnet": (50, lambda: convnet(1, 28, 20, 5, 100)),
    "odd-mlp": (50, lambda: mlp(784, 300, 10)),
    "odd-deep": (50, deep),
}


def times(run, seconds):
    """Seconds of each call; calls are grouped so that the clock costs nothing."""
    for _ in range(5):
        run()
    begin = time.perf_counter()
    run()
    group = max(1, int(0.02 / (time.perf_counter() - begin)))
    found = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        for _ in range(group):
            run()
        found.append((time.perf_counter() - begin) / group)
    return found


def steps(workload, mode, seconds):
    batch, make = WORKLOADS[workload]
    torch.manual_seed(0)
    shape, layers = make()
    net = nn.Sequential(*layers)
    x, y = torch.randn(batch, *shape), torch.randint(0, 10, (batch,))
    if "channels-last" in mode and x.dim() == 4:
        net = net.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    adam = torch.optim.Adam(net.parameters(), lr=1e-4, **({"fused": True} if "fused" in mode else {}))

    def step():
        adam.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), y).backward()
        adam.step()

    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = times(step, seconds)
    return {"samples_per_second": batch / statistics.median(found), "peak_mib": peak()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    workload, mode, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    print(json.dumps(steps(workload, mode, seconds)))
