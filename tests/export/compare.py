"""Compares the exports of a run with its CSV files, each by the readers that people use.

compare.py RUN CSV JSON PARQUET TENSORBOARD: the run's directory, then what was exported of it.
"""

import csv
import json
import math
import os
import sys
from datetime import datetime

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tensorboard.backend.event_processing import data_provider
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups

run, as_csv, as_json, as_parquet, as_tensorboard = sys.argv[1:]
TABLES = ["trials", "epochs", "stages", "timings"]
n_compared = 0


def same(left, right, where):
    """Equal, where NaN equals NaN."""
    global n_compared
    n_compared += 1
    both_nan = isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right)
    assert both_nan or (left == right and (left is None) == (right is None)), f"{where}: {left!r} is not {right!r}"


def rows(table):
    with open(os.path.join(run, table + ".csv"), newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))
    return lines[0], lines[1:]


def number(text):
    return {"NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}.get(text) if text[-1:].isalpha() else float(text)


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def typed(text, kind):
    """The text of a CSV cell as a column of this kind has it."""
    if pa.types.is_string(kind):
        return text
    if text == "":
        return None
    if pa.types.is_boolean(kind):
        return {"true": True, "false": False}[text]
    if pa.types.is_int64(kind):
        return int(text)
    if pa.types.is_timestamp(kind):
        return moment(text)
    assert pa.types.is_float64(kind), kind
    return number(text)


def compare_csv():
    for table in TABLES:
        with open(os.path.join(run, table + ".csv"), "rb") as one, open(os.path.join(as_csv, table + ".csv"), "rb") as other:
            same(one.read() == other.read(), True, f"csv {table}")


def compare_parquet():
    for table in TABLES:
        names, lines = rows(table)
        path = os.path.join(as_parquet, table + ".parquet")
        read = pq.read_table(path)
        same(read.column_names, names, f"parquet {table}")
        same(read.num_rows, len(lines), f"parquet {table}")
        for index, name in enumerate(names):
            column = read.column(index)
            values = [typed(line[index], column.type) for line in lines]
            for row, (found, expected) in enumerate(zip(column.to_pylist(), values)):
                # A CSV file cannot tell an empty text from none.
                found = "" if found is None and pa.types.is_string(column.type) else found
                same(found, expected, f"parquet {table}.{name} row {row}")


def compare_pandas():
    for table in TABLES:
        times = [name for name in rows(table)[0] if name.endswith("_at")]
        left = pd.read_csv(os.path.join(run, table + ".csv"), parse_dates=times)
        right = pd.read_parquet(os.path.join(as_parquet, table + ".parquet"))
        same(list(left.columns), list(right.columns), f"pandas {table}")
        for name in left.columns:
            where = f"pandas {table}.{name}"
            one, other = left[name], right[name]
            if pd.api.types.is_numeric_dtype(other) and not pd.api.types.is_bool_dtype(other):
                equal = np.array_equal(one.astype(float), other.astype(float), equal_nan=True)
            elif name in times:
                equal = (one.dropna() == other.dropna()).all() and (one.isna() == other.isna()).all()
            else:
                # Words, or what pandas takes for them: missing values and the empty text are one to it.
                texts = [[plain(value) for value in series] for series in (one, other)]
                equal = texts[0] == texts[1]
            same(bool(equal), True, where)


def plain(value):
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(value).lower()
    if isinstance(value, (int, float, np.number)):
        return repr(float(value))
    try:
        return repr(float(value))
    except ValueError:
        return str(value)


def compare_duckdb():
    for table in TABLES:
        path = os.path.join(as_parquet, table + ".parquet")
        described = duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{path}')").fetchall()
        types = {name: kind for name, kind, *_ in described}
        named = [f'''"{name.replace('"', '""')}"''' for name in types]
        # As above: the CSV file has no empty texts.
        columns = ", ".join(f"nullif({name}, '') AS {name}" if kind == "VARCHAR" else name for name, kind in zip(named, types.values()))
        parquet = f"SELECT {columns} FROM read_parquet('{path}')"
        text = f"SELECT * FROM read_csv('{os.path.join(run, table + '.csv')}', header = true, all_varchar = true)"
        cast = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in zip(named, types.values()))
        text = f"SELECT {cast} FROM ({text})"
        for one, other in [(parquet, text), (text, parquet)]:
            ((differ,),) = duckdb.sql(f"SELECT count(*) FROM (({one}) EXCEPT ALL ({other}))").fetchall()
            same(differ, 0, f"duckdb {table}")
        ((n,),) = duckdb.sql(f"SELECT count(*) FROM ({parquet})").fetchall()
        same(n, len(rows(table)[1]), f"duckdb {table}")


def compare_json():
    with open(as_json, encoding="utf-8") as file:
        document = json.load(file)
    for table in TABLES:
        names, lines = rows(table)
        same(len(document[table]), len(lines), f"json {table}")
        for line, told in zip(lines, document[table]):
            flat = {key: value for key, value in told.items() if not isinstance(value, dict)}
            groups = [flat, told.get("params", {}), told.get("values", {})]
            same(sum(map(len, groups)), len(names), f"json {table}")
            for name, text in zip(names, line):
                # A name of the table's own stands before one of a key or metric.
                holders = [group for group in groups if name in group]
                value = holders.pop(0)[name] if len(holders) == 1 else None
                if not holders and value is None:
                    value = next(group[name] for group in groups if name in group)
                if value is None:
                    same(text, "", f"json {table}.{name}")
                elif isinstance(value, bool):
                    same(text, str(value).lower(), f"json {table}.{name}")
                elif isinstance(value, (int, float)):
                    same(number(text), float(value), f"json {table}.{name}")
                elif isinstance(value, list):
                    same(json.loads(text), value, f"json {table}.{name}")
                else:
                    same(text, value, f"json {table}.{name}")
    return document


def recorded_at():
    """When the last report of each trial and epoch was recorded."""
    at = {}
    with open(os.path.join(run, "journal.jsonl"), encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            told = record["event"].get("epoch_reported")
            if told:
                at[told["trial"], told["report"]["epoch"]] = record["at"]
    return at


def compare_scalars(document):
    at = recorded_at()
    curves = {}
    for told in document["epochs"]:
        for name, value in told["values"].items():
            if value is not None:
                value = number(value) if isinstance(value, str) else float(value)
                curves.setdefault((told["trial"], name), []).append((told["epoch"], value))
    runs = sorted(name for name in os.listdir(as_tensorboard) if not name.startswith((".", "events")))
    same(runs, [f"trial-{told['trial']:04}" for told in document["trials"]], "runs")
    metric = document["metric"]["name"]
    for told in document["trials"]:
        trial = told["trial"]
        log = EventAccumulator(os.path.join(as_tensorboard, f"trial-{trial:04}"), size_guidance={"scalars": 0})
        log.Reload()
        expected = {name: curve for (of, name), curve in curves.items() if of == trial}
        found = set(log.Tags()["scalars"])
        best = max((tag for tag in found - set(expected) if tag.endswith("best/" + metric)), default=None, key=len)
        # Columns of the tables' own names are no columns of epochs.csv.
        own = {"trial", "stage", "epoch"}
        same(found - {best} - own, set(expected), f"tags of trial {trial}")
        for name, curve in expected.items():
            events = log.Scalars(name)
            same([event.step for event in events], [epoch for epoch, _ in curve], f"{name} of trial {trial}")
            for event, (epoch, value) in zip(events, curve):
                same(event.value, float(np.float32(value)), f"{name} of trial {trial}, epoch {epoch}")
                seconds = moment(at[trial, epoch][:26] + "Z").timestamp()
                assert abs(event.wall_time - seconds) < 2e-6, (event.wall_time, at[trial, epoch])
        value = told["values"][metric]
        same(best is not None, told["best_epoch"] is not None, f"best of trial {trial}")
        if best is not None:
            (event,) = log.Scalars(best)
            value = number(value) if isinstance(value, str) else value
            same((event.step, event.value), (told["best_epoch"], float(np.float32(value))), f"best of trial {trial}")


def compare_hparams(document):
    multiplexer = EventMultiplexer(tensor_size_guidance={"scalars": 0})
    multiplexer.AddRunsFromDirectory(as_tensorboard)
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, as_tensorboard)
    context = backend_context.Context(base_plugin.TBContext(data_provider=provider))
    request = api_pb2.GetExperimentRequest(include_metrics=True)
    experiment = get_experiment.Handler(RequestContext(), context, "", request).run()
    metric = document["metric"]["name"]
    keys = set(document["trials"][0]["params"]) if document["trials"] else set()
    if keys:
        same({info.name for info in experiment.hparam_infos}, keys, "keys")
    best, last = [info.name.tag for info in experiment.metric_infos]
    same((best.endswith("best/" + metric), last), (True, metric), "metrics")

    request = api_pb2.ListSessionGroupsRequest(
        start_index=0,
        slice_size=100_000,
        allowed_statuses=[api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE, api_pb2.STATUS_RUNNING, api_pb2.STATUS_UNKNOWN],
        include_metrics=True,
    )
    for info in experiment.metric_infos:
        request.col_params.add(metric=info.name)
    for info in experiment.hparam_infos:
        request.col_params.add(hparam=info.name)
    handler = list_session_groups.Handler(RequestContext(), context, "", request)
    groups = {group.name: group for group in handler.run().session_groups}
    same(set(groups), {f"trial-{told['trial']:04}" for told in document["trials"]}, "sessions")
    for told in document["trials"]:
        group = groups[f"trial-{told['trial']:04}"]
        (session,) = group.sessions
        where = f"session of trial {told['trial']}"
        is_success = told["state"] in ("completed", "pruned")
        same(session.status, api_pb2.STATUS_SUCCESS if is_success else api_pb2.STATUS_FAILURE, where)
        assert 0 < session.start_time_secs <= session.end_time_secs, where
        found = {name: getattr(value, value.WhichOneof("kind")) for name, value in group.hparams.items()}
        expected = {name: value for name, value in told["params"].items() if value is not None}
        same(set(found), set(expected), where)
        for name, value in expected.items():
            if isinstance(found[name], str):
                value = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            same(found[name], value, f"{where}: {name}")
        values = {value.name.tag: value.value for value in group.metric_values}
        value = told["values"][metric]
        if told["best_epoch"] is not None:
            value = number(value) if isinstance(value, str) else value
            same(values[best], float(np.float32(value)), where)


compare_csv()
compare_parquet()
compare_pandas()
compare_duckdb()
document = compare_json()
compare_scalars(document)
compare_hparams(document)
print(n_compared, "comparisons")
