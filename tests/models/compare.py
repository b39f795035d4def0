"""Reads exported models with their formats' own readers and compares what they say with the predictions of finetooth.

    compare.py onnx MODEL SAMPLES PREDICTIONS     the checker, then ONNX Runtime
    compare.py safetensors MODEL SAMPLES PREDICTIONS     a network of linear layers and rectifiers, computed by NumPy

SAMPLES is a table with a header, or an .npy file. Prints the largest difference.
"""

import json
import sys

import numpy as np
import pandas as pd


def samples(path):
    if path.endswith(".npy"):
        return np.load(path).astype(np.float32)
    return pd.read_csv(path, keep_default_na=False)


def by_onnx_runtime(model, given):
    import onnx
    import onnxruntime

    loaded = onnx.load(model)
    onnx.checker.check_model(loaded, full_check=True)
    classes = {entry.key: entry.value for entry in loaded.metadata_props}.get("classes")
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()
    if [one.name for one in inputs] == ["input"]:
        shape = [size for size in inputs[0].shape if isinstance(size, int)]
        if isinstance(given, pd.DataFrame):
            given = given.replace({"": np.nan, "?": np.nan}).to_numpy(dtype=np.float32)
        feeds = {"input": given.reshape(-1, *shape)}
    else:
        feeds = {}
        for one in inputs:
            # A column with the name of an output has one underscore more.
            column = given[one.name if one.name in given else one.name.removesuffix("_")]
            if one.type == "tensor(string)":
                feeds[one.name] = column.to_numpy(dtype=object).reshape(-1, 1)
            else:
                numbers = pd.to_numeric(column, errors="coerce")
                feeds[one.name] = numbers.to_numpy(dtype=np.float32).reshape(-1, 1)
    names = [one.name for one in session.get_outputs()]
    said = dict(zip(names, session.run(None, feeds)))
    if classes is None:
        return None, said["prediction"]
    assert set(said["class"]) <= set(json.loads(classes))
    return said["class"], said["probabilities"]


def by_numpy(model, given):
    from safetensors import safe_open

    with safe_open(model, framework="np") as file:
        description = json.loads(file.metadata()["finetooth"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    x = given.to_numpy(dtype=np.float64) if isinstance(given, pd.DataFrame) else given
    rows = x.reshape(len(x), -1)
    total, mean = 0, 0.0
    for number, member in enumerate(description["members"], 1):
        prefix = "" if len(description["members"]) == 1 else f"member_{number}."
        own = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
        groups = len(own["preprocessing.origins"])
        y = rows.reshape(len(rows), -1, groups)
        y = (y - own["preprocessing.origins"]) * own["preprocessing.factors"]
        y = y.reshape(len(rows), -1)
        n_linear = 0
        for layer in member["layers"]:
            if layer.startswith("linear"):
                n_linear += 1
                y = y @ own[f"linear_{n_linear}.weights"] + own[f"linear_{n_linear}.biases"]
            else:
                assert layer == "relu", layer
                y = np.maximum(y, 0)
        e = np.exp(y - y.max(axis=1, keepdims=True))
        mean = mean + member["weight"] * e / e.sum(axis=1, keepdims=True)
        total += member["weight"]
    mean = mean / total
    classes = np.array(description["predicts"]["classes"], dtype=object)
    return classes[mean.argmax(axis=1)], mean


def main(how, model, path, predictions):
    classes, values = {"onnx": by_onnx_runtime, "safetensors": by_numpy}[how](model, samples(path))
    said = pd.read_csv(predictions)
    if classes is None:
        expected = said[["prediction"]].to_numpy()
        scale = np.abs(expected).max()
    else:
        expected = said.iloc[:, 1:].to_numpy()
        scale = 1.0
        differ = (said["class"].astype(str).to_numpy() != np.asarray(classes).astype(str)).sum()
        assert differ == 0, f"{differ} classes differ"
    assert expected.shape == values.shape, (expected.shape, values.shape)
    largest = np.abs(expected - values).max() / scale
    assert largest < 1e-5, largest
    print(f"{len(expected)} samples, largest difference {largest:.1e}")


main(*sys.argv[1:])
