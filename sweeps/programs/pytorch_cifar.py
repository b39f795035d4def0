"""A convolutional network in PyTorch on CIFAR-10 as a trial of finetooth: arguments in, a line an epoch out, checkpoints.

It runs by itself too:  python3 pytorch_cifar.py --data=DIR --learning_rate=0.001
"""

import argparse
import gzip
import os
import pathlib
import random

import numpy
import torch
from torch import nn

BATCH = 128


def batches(folder):
    """The training batches of the binary version: images (N, 3, 32, 32) in [0, 1], labels (N)."""
    images, labels = [], []
    files = sorted(pathlib.Path(folder).glob("data_batch_*.bin*"))
    if not files:
        raise SystemExit(f"{folder} holds no data_batch_1.bin: is it the binary version of CIFAR-10?")
    for path in files:
        read = gzip.open if path.suffix == ".gz" else open
        with read(path, "rb") as file:
            rows = numpy.frombuffer(file.read(), numpy.uint8).reshape(-1, 3073)
        labels.append(rows[:, 0])
        images.append(rows[:, 1:].reshape(-1, 3, 32, 32))
    images = numpy.concatenate(images).astype(numpy.float32) / 255
    return torch.from_numpy(images), torch.from_numpy(numpy.concatenate(labels).astype(numpy.int64))


def network(width):
    def block(inputs, outputs):
        return nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)
        )

    return nn.Sequential(
        block(3, width),
        block(width, 2 * width),
        block(2 * width, 4 * width),
        nn.Flatten(),
        nn.Linear(4 * width * 16, 10),
    )


def evaluate(model, images, labels):
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for first in range(0, len(labels), 1000):
            scores = model(images[first : first + 1000])
            part = labels[first : first + 1000]
            loss += nn.functional.cross_entropy(scores, part, reduction="sum").item()
            right += (scores.argmax(1) == part).sum().item()
    return loss / len(labels), right / len(labels)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--limit", type=int, help="use so many images only")
    parser.add_argument("--learning_rate", type=float, default=1e-3)
    parser.add_argument("--weight_decay", type=float, default=1e-4)
    parser.add_argument("--width", type=int, default=32)
    options = parser.parse_args()
    epochs = int(os.environ.get("FINETOOTH_EPOCHS", "27"))
    seed = int(os.environ.get("FINETOOTH_SEED", "0"))
    checkpoint = pathlib.Path(os.environ.get("FINETOOTH_CHECKPOINT_DIR", ".")) / "model.pt"

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # The same numbers every time, where the operations have a way to be so.
    torch.use_deterministic_algorithms(True, warn_only=True)
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)

    images, labels = batches(options.data)
    if options.limit:
        images, labels = images[: options.limit], labels[: options.limit]
    n_validation = len(labels) // 5
    mean = images[n_validation:].mean((0, 2, 3), keepdim=True)
    deviation = images[n_validation:].std((0, 2, 3), keepdim=True)
    images, labels = ((images - mean) / deviation).to(device), labels.to(device)
    validation = images[:n_validation], labels[:n_validation]
    images, labels = images[n_validation:], labels[n_validation:]

    model = network(options.width).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), options.learning_rate, weight_decay=options.weight_decay)
    epoch = 0
    if os.environ.get("FINETOOTH_RESUME"):
        state = torch.load(checkpoint, map_location=device)
        epoch = state["epoch"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])

    while epoch < epochs:
        epoch += 1
        # The order of an epoch depends on seed and epoch alone, so that going on is as if never left.
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(1000 * seed + epoch)).to(device)
        model.train()
        loss_sum, right = 0.0, 0
        for first in range(0, len(labels), BATCH):
            batch = order[first : first + BATCH]
            scores = model(images[batch])
            loss = nn.functional.cross_entropy(scores, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(batch)
            right += (scores.argmax(1) == labels[batch]).sum().item()
        val_loss, val_accuracy = evaluate(model, *validation)
        print(
            f"epoch={epoch} train_loss={loss_sum / len(labels):.6g} train_accuracy={right / len(labels):.6g} "
            f"val_loss={val_loss:.6g} val_accuracy={val_accuracy:.6g}",
            flush=True,
        )
    state = {"epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    # In one piece or not at all, whatever happens meanwhile.
    torch.save(state, checkpoint.with_suffix(".part"))
    os.replace(checkpoint.with_suffix(".part"), checkpoint)


if __name__ == "__main__":
    main()
