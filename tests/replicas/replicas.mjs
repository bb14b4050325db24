// usage: replicas.mjs BIN PREVIOUS_BIN|- SCALED_CLOCK WORK_DIR [STEP...]
//
// Three replicas behind a proxy on one PostgreSQL with a synchronous standby, under load, while everything happens to them
// that README.md lists. Each step says what it does; the end is a page of counts. Ends with 0 only when all of them are right.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { agentFor, ask, KeyCache, Load, Writer } from "./client.mjs";
import { Clock, Databases, Proxy, Replica, say, shareDevFolder, sleep, until } from "./cluster.mjs";

const [bin, previous, preload, dir, ...wanted] = process.argv.slice(2);
const attestd = `${bin}/attestd`;
const attestctl = `${bin}/attestctl`;
const FACTOR = 100;
const CACHE_SCALED_S = 600;
const ROTATIONS = Number(process.env.ROTATIONS ?? 100);
const clock = new Clock(preload, FACTOR);

const counts = [];
let failed = 0;
function count(what, value, good = true) {
  counts.push(`${good ? "     " : "WRONG"}  ${what}: ${value}`);
  if (!good) failed++;
}
function check(ok, what) {
  say(`${ok ? "ok   " : "WRONG"} ${what}`);
  if (!ok) failed++;
}

const databases = await Databases.make(`${dir}/postgres`);
const cleanUp = [() => databases.stop()];
const proxy = await Proxy.make(dir);
const url = `https://localhost:${proxy.port}`;
const common = ["--set", `base_url=${url}`, "--set", "writes_per_minute=1000000", "--set", "connections_max=2000"];
const options = [...common, "--set", `store=${databases.store()}`];
const replicas = [];
for (let i = 1; i <= 3; i++) replicas.push(await Replica.make(dir, i, options));

function evidence(data) {
  execFileSync(attestctl, ["evidence", "make", "sgx", "--data", data, "--out", `${dir}/ev`]);
  const url64 = (file) => readFileSync(`${dir}/ev/${file}`).toString("base64url");
  return JSON.stringify({ quote: url64("quote.bin"), runtimeData: { data: url64("runtime_data.bin"), dataType: "Binary" } });
}

// -- the steps -----------------------------------------------------------------------------------------------------

let seed, body, agent, site, load, writer, keys;

const steps = {
  // Nothing is there, and all of them want to make it.
  async race() {
    for (let round = 1; round <= 3; round++) {
      const database = `race${round}`;
      databases.primary.sql(`CREATE DATABASE ${database} ENCODING 'UTF8' TEMPLATE template0`, "postgres");
      const racers = replicas.map((r) => Object.assign(Object.create(Object.getPrototypeOf(r)), r, { options: [...common, "--set", `store=${databases.store(database)}`] }));
      await Promise.all(racers.map((r) => r.start(attestd)));
      const kids = await Promise.all(
        racers.map(async (r) => {
          const a = agentFor(seed, 1);
          const answer = await ask(a, r.port, "GET", "/certs");
          a.destroy();
          return answer.json.keys.map((k) => k.kid).sort().join(" ");
        }),
      );
      check(new Set(kids).size === 1 && kids[0].split(" ").length >= 1, `round ${round}: three started at once on an empty database have the same keys, ${kids[0].split(" ").length}`);
      await Promise.all(racers.map((r) => r.end("SIGTERM")));
    }
  },

  // The database is stopped, and frozen: attestations go on, changes are told at once, until the bound of one replica.
  async outage() {
    const bounded = ["--set", "store_outage_max_s=4"];
    for (const [i, r] of replicas.entries()) await r.start(attestd, { more: i === 2 ? bounded : [] });
    await proxy.start(replicas);
    const w = new Writer({ port: replicas[0].port, agent, site, pauseMs: 0 });
    await w.setUp();
    const attest = (r) => ask(agent, r.port, "POST", "/attest/SgxEnclave?api-version=2022-08-01", { body });
    await attest(replicas[0]);
    await w.arm(), await w.data();

    // A change reaches the others in milliseconds.
    const delays = [];
    for (let i = 0; i < 10; i++) {
      while (w.counter % 3 !== 2) await w.one();
      await sleep(250); // looks are a tenth of a second apart: this one is alone
      await w.one();
      const path = w.acknowledged.at(-1).path;
      const began = performance.now();
      await until("the change on the second replica", 3000, 3, async () => (await ask(agent, replicas[1].port, "GET", path, { token: await w.arm() }))?.status === 200);
      delays.push(performance.now() - began);
    }
    check(Math.max(...delays) < 600, `a change is seen by another replica after ${Math.round(delays.sort((a, b) => a - b)[5])} ms, at most ${Math.round(Math.max(...delays))} ms`);

    for (const [how, down, up] of [
      ["stopped", () => databases.first.signal("SIGKILL"), () => databases.first.start()],
      ["frozen", () => databases.first.signal("SIGSTOP"), () => databases.first.signal("SIGCONT")],
    ]) {
      down();
      await until("readyz says so", 15000, 50, async () => (await replicas[0].admin("/readyz"))?.text.includes("unreachable"));
      say(`the database is ${how}: ${(await replicas[0].admin("/readyz")).text}`);
      const slow = [];
      let told = 0;
      for (let i = 0; i < 6; i++) {
        const began = performance.now();
        if (!(await w.one())) told++;
        slow.push(performance.now() - began);
      }
      slow.sort((a, b) => a - b);
      check(told === 6 && slow[4] < 1000, `six changes are refused, the slowest but one after ${Math.round(slow[4])} ms (${[...w.refused.keys()].join(", ")})`);
      const began = performance.now();
      const answer = await attest(replicas[0]);
      check(answer?.status === 200 && performance.now() - began < 1000, `an attestation takes ${Math.round(performance.now() - began)} ms`);
      check((await replicas[0].metric("attestd_store_up")) === 0 && (await replicas[0].admin("/readyz")).status === 200, "ready, store down");
      await until("the bounded replica is stale", 15000, 50, async () => (await replicas[2].admin("/readyz"))?.status === 503);
      const stale = await attest(replicas[2]);
      check(stale?.status === 503 && stale.json.error.details?.[0]?.code === "STORE_STALE" && stale.retryAfter > 0, `past its bound: ${stale?.status} ${stale?.json?.error?.details?.[0]?.code}, Retry-After ${stale?.retryAfter}`);
      up();
      const back = performance.now();
      await until("a change after it is back", 15000, 50, () => w.one());
      say(`back: a change is done after ${Math.round(performance.now() - back)} ms`);
      await until("everybody is ready", 5000, 50, async () => (await Promise.all(replicas.map((r) => r.admin("/readyz")))).every((a) => a?.text === '{"status":"ready"}'));
      check((await attest(replicas[2]))?.status === 200, "the bounded replica attests again");
    }
    const lost = await w.lost();
    check(lost.length === 0, `${w.acknowledged.length} changes acknowledged, ${lost.length} lost ${lost[0] ?? ""}`);
    for (const r of replicas) check((await r.end("SIGTERM")) === 0, `${r.name} ends`);
    await proxy.end();
  },
};

// -- in order ------------------------------------------------------------------------------------------------------

const order = ["race", "outage"];
try {
  seed = await shareDevFolder(previous !== "-" ? `${previous}/attestd` : attestd, dir, replicas);
  cleanUp.push(() => Promise.all(replicas.map((r) => r.end("SIGKILL"))), () => proxy.end());
  body = evidence(seed);
  site = JSON.parse(readFileSync(`${seed}/dev/credentials.json`, "utf8"));
  agent = agentFor(seed, 64);
  for (const name of order) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    say(`-- ${name}`);
    await steps[name]();
  }
} catch (error) {
  failed++;
  console.log(`FAILED replicas: ${error.stack ?? error}`);
}
agent?.destroy();
for (const step of cleanUp.reverse()) await step();
for (const line of counts) console.log(line);
console.log(`cases replicas passed ${failed ? 0 : 1} failed ${failed} skipped 0`);
process.exit(failed ? 1 : 0);
