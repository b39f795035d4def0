"""scikit-learn's multilayer perceptron on its digits, one partial_fit an epoch, as a trial of finetooth.

It runs by itself too:  python3 sklearn_mlp.py --learning_rate=0.001 --alpha=0.0001 --hidden=64
"""

import argparse
import os
import pickle
import warnings

import numpy
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("ignore", ConvergenceWarning)


def data():
    """Training and validation parts, the same for every trial; a fifth is put aside as a test set."""
    features, labels = load_digits(return_X_y=True)
    features, _, labels, _ = train_test_split(features, labels, test_size=0.2, stratify=labels, random_state=0)
    split = train_test_split(features, labels, test_size=0.25, stratify=labels, random_state=0)
    train_x, val_x, train_y, val_y = split
    scaler = StandardScaler().fit(train_x)
    return scaler.transform(train_x), train_y, scaler.transform(val_x), val_y


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--learning_rate", type=float, default=1e-3)
    parser.add_argument("--alpha", type=float, default=1e-4)
    parser.add_argument("--hidden", type=int, default=64)
    options = parser.parse_args()
    epochs = int(os.environ.get("FINETOOTH_EPOCHS", "27"))
    seed = int(os.environ.get("FINETOOTH_SEED", "0"))
    checkpoint = os.path.join(os.environ.get("FINETOOTH_CHECKPOINT_DIR", "."), "model.pickle")

    train_x, train_y, val_x, val_y = data()
    classes = numpy.unique(train_y)
    if os.environ.get("FINETOOTH_RESUME"):
        with open(checkpoint, "rb") as file:
            epoch, model = pickle.load(file)
    else:
        epoch = 0
        model = MLPClassifier(
            hidden_layer_sizes=(options.hidden,),
            learning_rate_init=options.learning_rate,
            alpha=options.alpha,
            random_state=seed,
        )
    while epoch < epochs:
        model.partial_fit(train_x, train_y, classes=classes)
        epoch += 1
        if not numpy.isfinite(model.loss_):
            print(f"epoch={epoch} train_loss=nan val_accuracy=nan", flush=True)
            break
        val_loss = log_loss(val_y, model.predict_proba(val_x), labels=classes)
        print(
            f"epoch={epoch} train_loss={model.loss_:.6g} train_accuracy={model.score(train_x, train_y):.6g} "
            f"val_loss={val_loss:.6g} val_accuracy={model.score(val_x, val_y):.6g}",
            flush=True,
        )
    # In one piece or not at all, whatever happens meanwhile.
    with open(checkpoint + ".part", "wb") as file:
        pickle.dump((epoch, model), file)
    os.replace(checkpoint + ".part", checkpoint)


if __name__ == "__main__":
    main()
