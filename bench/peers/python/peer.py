"""A peer that runs what it is asked: one JSON line in ({"task", "store", "stream"}), one JSON line out
({"seconds", "cpu_seconds", "events", "checksum", "peak_rss_bytes"} or {"error"}). It ends with its input."""

import json
import os
import platform
import sqlite3
import sys
import time
import traceback
import uuid
from importlib.metadata import version

import orjson
from eventsourcing.application import Application

import fold
from orders_domain import Order

STORED_EVENTS = (
    "CREATE TABLE IF NOT EXISTS stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, "
    "state BLOB, PRIMARY KEY (originator_id, originator_version))"
)


def peak_rss_bytes():
    # Not getrusage: what that says begins with the memory of the process that started this one.
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def read_only(store):
    return sqlite3.connect(f"file:{store}?mode=ro", uri=True)


def aggregate_id(stream):
    return uuid.uuid5(uuid.NAMESPACE_OID, stream)


def pyeventsourcing_prepare(store, target):
    """Writes the orders as the library would have stored them; that it reads them is checked by the checksum."""
    ids = {}
    topics = {}

    def rows():
        select = read_only(store).execute(
            "SELECT stream_id, stream_position, message_type, message_data FROM emt_messages ORDER BY global_position"
        )
        for stream, position, event_type, payload in select:
            originator_id = ids.get(stream)
            if originator_id is None:
                originator_id = ids[stream] = aggregate_id(stream).hex
            topic = topics.get(event_type)
            if topic is None:
                topic = topics[event_type] = f"orders_domain:Order.{event_type}"
            occurred = payload[payload.rindex('"occurredAt":"') + 14 :][:23] + "+00:00"
            state = payload[:-1] + ',"timestamp":{"_type_":"datetime_iso","_data_":"' + occurred + '"}'
            if position == 1:
                state += ',"originator_topic":"orders_domain:Order"'
            yield originator_id, position, topic, (state + "}").encode()

    partial = target + ".partial"
    if os.path.exists(partial):
        os.remove(partial)
    database = sqlite3.connect(partial)
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    database.execute(STORED_EVENTS)
    database.executemany("INSERT INTO stored_events VALUES (?, ?, ?, ?)", rows())
    database.commit()
    database.close()
    os.replace(partial, target)
    return {"events": len(ids), "checksum": 0}


def application(store):
    # Without a lock on the file, without a cache of aggregates: every get reads its stream.
    return Application(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": store,
            "CREATE_TABLE": "no",
        }
    )


def pyeventsourcing_all(store):
    orders = application(store)
    ids = [uuid.UUID(row[0]) for row in read_only(store).execute("SELECT DISTINCT originator_id FROM stored_events")]
    events = 0
    total = 0
    for order_id in ids:
        order = orders.repository.get(order_id)
        events += order.version
        total += fold.checksum(order.state)
    orders.close()
    return {"events": events, "checksum": total}


def pyeventsourcing_one(store, stream):
    orders = application(store)
    order = orders.repository.get(aggregate_id(stream))
    orders.close()
    return {"events": order.version, "checksum": fold.checksum(order.state)}


def orjson_all(store):
    """By hand, in position order with a dictionary of states: faster than stream by stream."""
    states = {}
    events = 0
    select = read_only(store).execute(
        "SELECT stream_id, message_type, message_data FROM emt_messages ORDER BY global_position"
    )
    for stream, event_type, payload in select:
        state = states.get(stream)
        if state is None:
            state = states[stream] = fold.State()
        fold.FOLDS[event_type](state, orjson.loads(payload))
        events += 1
    return {"events": events, "checksum": sum(map(fold.checksum, states.values()))}


def orjson_one(store, stream):
    state = fold.State()
    events = 0
    select = read_only(store).execute(
        "SELECT message_type, message_data FROM emt_messages WHERE stream_id = ? ORDER BY stream_position", (stream,)
    )
    for event_type, payload in select:
        fold.FOLDS[event_type](state, orjson.loads(payload))
        events += 1
    return {"events": events, "checksum": fold.checksum(state)}


def versions():
    return {
        "versions": {
            "python": platform.python_version(),
            "eventsourcing": version("eventsourcing"),
            "orjson": version("orjson"),
            "sqlite (python)": sqlite3.sqlite_version,
        }
    }


TASKS = {
    "pyeventsourcing-prepare": pyeventsourcing_prepare,
    "pyeventsourcing-all": pyeventsourcing_all,
    "pyeventsourcing-one": pyeventsourcing_one,
    "orjson-all": orjson_all,
    "orjson-one": orjson_one,
    "versions": versions,
}


def main():
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        task = TASKS[request.pop("task")]
        try:
            start, cpu = time.perf_counter(), time.process_time()
            answer = task(**request)
            answer["seconds"] = time.perf_counter() - start
            answer["cpu_seconds"] = time.process_time() - cpu
            answer["peak_rss_bytes"] = peak_rss_bytes()
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
