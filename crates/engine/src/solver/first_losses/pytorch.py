"""First losses of four networks in PyTorch, for first_losses.rs to agree with.

    pip install torch numpy
    python pytorch.py > losses.csv

Weights and samples come from integer arithmetic that both sides do exactly, so that no file of
weights is needed: value i of stream s is splitmix64(s · 2³² + i), its upper 24 bits as a number in
[−1, 1), times a bound in double precision, rounded to single.
"""

import copy
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

BATCH = 64
N_BATCHES = 5
N_STEPS = 200
LEARNING_RATE = 1e-4
N_CLASSES = 10


def uniform(stream, n, bound):
    with np.errstate(over="ignore"):
        x = (np.uint64(stream) << np.uint64(32)) + np.arange(n, dtype=np.uint64)
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    unit = (x >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0
    return (unit * bound).astype(np.float32)


def samples(shape):
    """(batches, samples, channels, height, width) and labels; drawn as height, width, channels."""
    channels, height, width = shape
    n = BATCH * N_BATCHES
    x = uniform(1, n * height * width * channels, 1.0)
    x = x.reshape(N_BATCHES, BATCH, height, width, channels).transpose(0, 1, 4, 2, 3)
    y = np.floor((uniform(2, n, 1.0).astype(np.float64) + 1.0) * (N_CLASSES / 2))
    return torch.from_numpy(x.copy()), torch.from_numpy(y.astype(np.int64).reshape(N_BATCHES, BATCH))


def set_weights(net, shape):
    """Layer l has the stream 10 + l; drawn as (filter row, column, channel, filter) or (input, output)
    with images flattened as height, width, channels."""
    channels, height, width = shape
    layer = 0
    for module in net:
        if isinstance(module, nn.Conv2d):
            k, outputs, inputs = module.kernel_size[0], module.out_channels, module.in_channels
            w = uniform(10 + layer, k * k * inputs * outputs, 1.0 / np.sqrt(k * k * inputs))
            w = w.reshape(k, k, inputs, outputs).transpose(3, 2, 0, 1)
            channels = outputs
        elif isinstance(module, nn.Linear):
            inputs, outputs = module.in_features, module.out_features
            w = uniform(10 + layer, inputs * outputs, 1.0 / np.sqrt(inputs)).reshape(inputs, outputs)
            if (channels * height * width) == inputs and height > 1:
                w = w.reshape(height, width, channels, outputs).transpose(2, 0, 1, 3).reshape(inputs, outputs)
            w, channels, height, width = w.T, outputs, 1, 1
        elif isinstance(module, nn.MaxPool2d):
            height, width = height // 2, width // 2
            continue
        else:
            continue
        module.weight.data = torch.from_numpy(w.copy())
        module.bias.data.zero_()
        layer += 1


def block(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]


def head(inputs, hidden):
    return [nn.Flatten(), nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, N_CLASSES)]


NETS = {
    "w1": ((3, 32, 32), [nn.Conv2d(3, 32, 7, padding=3), nn.ReLU(), nn.MaxPool2d(2), *head(32 * 256, 100)]),
    "w2": ((1, 8, 8), [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), *head(256, 64)]),
    "w3": ((784, 1, 1), [nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, N_CLASSES)]),
    "w4": (
        (3, 32, 32),
        [*block(3, 32), *block(32, 32), nn.MaxPool2d(2), *block(32, 64), *block(64, 64), nn.MaxPool2d(2), *head(64 * 64, 128)],
    ),
}


def losses(name, dtype):
    shape, modules = NETS[name]
    net = nn.Sequential(*copy.deepcopy(modules))
    set_weights(net, shape)
    net = net.to(dtype)
    x, y = samples(shape)
    x = x.to(dtype)
    adam = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
    found = []
    for step in range(N_STEPS):
        batch = step % N_BATCHES
        adam.zero_grad()
        loss = F.cross_entropy(net(x[batch]), y[batch])
        loss.backward()
        adam.step()
        found.append(loss.item())
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    precisions = {"f32": torch.float32, "f64": torch.float64}
    columns = {f"{name}_{p}": losses(name, dtype) for name in NETS for p, dtype in precisions.items()}
    print(f"# PyTorch {torch.__version__}", file=sys.stderr)
    print(",".join(columns))
    for row in zip(*columns.values()):
        print(",".join(f"{loss:.10g}" for loss in row))
