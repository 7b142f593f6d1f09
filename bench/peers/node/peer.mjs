// A peer that runs what it is asked: one JSON line in ({"task", "store", "stream"}), one JSON line out
// ({"seconds", "cpu_seconds", "events", "checksum", "peak_rss_bytes"} or {"error"}). It ends with its input.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { getSQLiteEventStore } from "@event-driven-io/emmett-sqlite";
import Database from "better-sqlite3";
import { checksum, evolve, initial } from "./fold.mjs";

const tasks = {
  // aggregateStream over every stream, as an application with Emmett would rebuild its states.
  "emmett-all": async ({ store }) => {
    const ids = streams(store);
    const eventStore = getSQLiteEventStore({ fileName: store, schema: { autoMigration: "None" } });
    const sum = { events: 0, checksum: 0 };
    for (const id of ids) {
      const { state, currentStreamVersion } = await eventStore.aggregateStream(id, { evolve, initialState: initial });
      sum.events += Number(currentStreamVersion);
      sum.checksum += checksum(state);
    }
    return sum;
  },
  "emmett-one": async ({ store, stream }) => {
    const eventStore = getSQLiteEventStore({ fileName: store, schema: { autoMigration: "None" } });
    const { state, currentStreamVersion } = await eventStore.aggregateStream(stream, { evolve, initialState: initial });
    return { events: Number(currentStreamVersion), checksum: checksum(state) };
  },
  // By hand, in position order with a map of states: faster than stream by stream.
  "sqlite-all": ({ store }) => {
    const database = new Database(store, { readonly: true });
    const rows = database.prepare(
      "SELECT stream_id, message_type, message_data FROM emt_messages ORDER BY global_position",
    );
    const states = new Map();
    let events = 0;
    for (const [id, type, data] of rows.raw().iterate()) {
      let state = states.get(id);
      if (state === undefined) states.set(id, (state = initial()));
      evolve(state, { type, data: JSON.parse(data) });
      events += 1;
    }
    let sum = 0;
    for (const state of states.values()) sum += checksum(state);
    database.close();
    return { events, checksum: sum };
  },
  "sqlite-one": ({ store, stream }) => {
    const database = new Database(store, { readonly: true });
    const rows = database.prepare(
      "SELECT message_type, message_data FROM emt_messages WHERE stream_id = ? ORDER BY stream_position",
    );
    const state = initial();
    let events = 0;
    for (const [type, data] of rows.raw().iterate(stream)) {
      evolve(state, { type, data: JSON.parse(data) });
      events += 1;
    }
    database.close();
    return { events, checksum: checksum(state) };
  },
  versions: () => ({
    versions: {
      node: process.version.slice(1),
      "@event-driven-io/emmett-sqlite": versionOf("@event-driven-io/emmett-sqlite"),
      "better-sqlite3": versionOf("better-sqlite3"),
    },
  }),
};

const streams = (store) => {
  const database = new Database(store, { readonly: true });
  const ids = database.prepare("SELECT stream_id FROM emt_streams").pluck().all();
  database.close();
  return ids;
};

// Not resourceUsage: what that says begins with the memory of the process that started this one.
const peakRssBytes = () => Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;

const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8")).version;

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  try {
    const start = performance.now();
    const before = process.cpuUsage();
    const answer = await tasks[request.task](request);
    const used = process.cpuUsage(before);
    answer.seconds = (performance.now() - start) / 1000;
    answer.cpu_seconds = (used.user + used.system) / 1e6;
    answer.peak_rss_bytes = peakRssBytes();
    console.log(JSON.stringify(answer));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error.stack ?? error) }));
  }
}
