// usage: replicas.mjs BIN PREVIOUS_BIN|- SCALED_CLOCK WORK_DIR [STEP...]
//
// Three replicas behind a proxy on one PostgreSQL with a synchronous standby, under load, while everything happens to them
// that README.md lists. Each step says what it does; the end is a page of counts. Ends with 0 only when all of them are right.
import { execFile, execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { agentFor, ask, KeyCache, Load, Writer } from "./client.mjs";
import { Clock, Databases, note, processes, Proxy, Replica, say, shareDevFolder, sleep, until } from "./cluster.mjs";

const [bin, previous, preload, dir, ...wanted] = process.argv.slice(2);
const attestd = `${bin}/attestd`;
const attestctl = process.env.ATTESTCTL ?? `${bin}/attestctl`;
const FACTOR = 100;
const CACHE_SCALED_S = 600;
const b64 = (text) => Buffer.from(text).toString("base64url");
const ROTATIONS = Number(process.env.ROTATIONS ?? 100);
const clock = new Clock(preload, FACTOR);
processes.file = `${dir}/pids`;

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

const attestctlRun = (...args) =>
  new Promise((resolve) => {
    execFile(attestctl, args, { env: { ...process.env, ...clock.env() } }, (error, out, err) => resolve({ ok: !error, out: `${out}${err}`.trim() }));
  });

const databases = await Databases.make(`${dir}/postgres`);
const cleanUp = [() => databases.stop()];
const proxy = await Proxy.make(dir);
const url = `https://localhost:${proxy.port}`;
const common = ["--set", `base_url=${url}`, "--set", "writes_per_minute=1000000", "--set", "connections_max=2000"];
const replicas = [];
for (let i = 1; i <= 3; i++) replicas.push(await Replica.make(dir, i, []));

function evidence(data) {
  execFileSync(attestctl, ["evidence", "make", "sgx", "--data", data, "--out", `${dir}/ev`]);
  const url64 = (file) => readFileSync(`${dir}/ev/${file}`).toString("base64url");
  return JSON.stringify({ quote: url64("quote.bin"), runtimeData: { data: url64("runtime_data.bin"), dataType: "Binary" } });
}

// -- the steps -----------------------------------------------------------------------------------------------------

let seed, body, agent, site, load, writer, keys;
const WORKERS = 12;
const PAUSE_MS = 40;
const ROTATE_EVERY_MS = 2400;

// A challenge of one replica is answered to another, and then nowhere again.
async function challengeOnce() {
  const path = "/p/steady/attest/Tpm?api-version=2022-08-01";
  const policy = 'version=1.2; authorizationrules { [type=="aikValidated", value==true] => permit(); }; issuancerules { c:[type=="secureBootEnabled"] => issue(type="boot", value=c.value); };';
  const set = `${b64('{"alg":"none"}')}.${b64(JSON.stringify({ AttestationPolicy: b64(policy) }))}.`;
  const token = await writer.data();
  const put = await ask(agent, replicas[0].port, "PUT", "/p/steady/policies/Tpm?api-version=2022-08-01", { token, body: set, type: "text/plain" });
  await sleep(1000);
  const post = (r, text) => ask(agent, r.port, "POST", path, { token, body: text });
  const init = await post(replicas[0], JSON.stringify({ data: b64('{"payload":{"type":"aikcert"}}') }));
  if (init?.status !== 200) return check(false, `a challenge: ${put?.status} ${JSON.stringify(init)}`);
  const { challenge, service_context } = JSON.parse(Buffer.from(init.json.data, "base64url")).payload;
  const made = ["evidence", "make", "tpm", "--data", seed, "--out", `${dir}/tpm`, "--challenge", challenge, "--service-context", service_context];
  execFileSync(attestctl, [...made, "--aik", "ecdsa", "--request-key", "software-ec"]);
  const answer = readFileSync(`${dir}/tpm/attest-tpm-body.json`, "utf8");
  const [there, here, third] = [await post(replicas[1], answer), await post(replicas[0], answer), await post(replicas[2], answer)];
  const code = (a) => a?.json?.error?.details?.[0]?.code;
  check(there?.status === 200 && code(here) === "TPM_CHALLENGE_USED" && code(third) === "TPM_CHALLENGE_USED",
    `a challenge of ${replicas[0].name} is answered to ${replicas[1].name}: ${there?.status} ${code(there) ?? ""}; once more elsewhere: ${code(here)}, ${code(third)}`);
}

const steps = {
  // Nothing is there, and all of them want to make it.
  async race() {
    for (let round = 1; round <= 3; round++) {
      const database = `race${round}`;
      databases.primary.sql(`CREATE DATABASE ${database} ENCODING 'UTF8' TEMPLATE template0`, "postgres");
      const racers = replicas.map((r) => Object.assign(Object.create(Object.getPrototypeOf(r)), r, { options: [...common, "--set", `store=${databases.storeByDefault(database)}`] }));
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

  // The whole life of an installation, under load. One scaled second is 10 ms.
  async life() {
    const slowTimeout = "connect_timeout=300"; // libpq counts it on the clock that runs fast
    for (const r of replicas) r.options = [...common, "--set", `store=${databases.store("attestd", slowTimeout)}`];
    const keySettings = [`keys_max_age_s=${CACHE_SCALED_S}`, `key_lead_s=${2 * CACHE_SCALED_S + 60}`, "key_keep_s=29100", "key_rotation_days=0"];
    const now = { clock, more: keySettings.flatMap((s) => ["--set", s]) };
    const before = previous !== "-";
    const oldest = before ? `${previous}/attestd` : attestd;
    const old = before ? { clock } : now;
    say(before ? "three replicas of the version before" : "SKIPPED: the version before is not there; three replicas of this one");
    await replicas[0].start(oldest, old); // that version wants the keys to be there when the others start
    await replicas[1].start(oldest, old);
    await replicas[2].start(oldest, old);
    await proxy.start(replicas);

    keys = new KeyCache(async () => {
      for (let i = 0; i < 2; i++) {
        const answer = await ask(agent, proxy.port, "GET", "/certs");
        if (answer?.status === 200) return answer;
      }
      return null;
    }, (CACHE_SCALED_S * 1000) / FACTOR);
    load = new Load({ port: proxy.port, agent: agentFor(seed, WORKERS), body, clock, keys, workers: WORKERS, pauseMs: PAUSE_MS });
    load.note = (text) => note(`${dir}/retries.log`, `${new Date().toISOString()} ${text}`);
    writer = new Writer({ port: proxy.port, agent, site, pauseMs: 150 });
    await writer.setUp();
    load.start();
    writer.start();
    const tell = (what) => say(`      ${what}: ${load.n.attestations} attestations, ${load.n.retried} retried, ${load.n.failed} failed, ${load.n.unknownKid} unknown kid, ${writer.acknowledged.length} changes`);
    await sleep(5000);
    tell("steady");

    if (before) {
      for (const r of replicas) {
        const status = await r.end("SIGTERM");
        await r.start(attestd, now);
        say(`${r.name} is upgraded (the old one ended with ${status})`);
        await sleep(3000);
      }
      tell("upgraded one by one");
    }
    for (const r of replicas) {
      await r.end("SIGKILL");
      await sleep(1000);
      await r.start(attestd, now);
      say(`${r.name} was killed and is back`);
      await sleep(2000);
    }
    tell("each killed once");

    await challengeOnce();

    databases.killPrimary();
    const killed = performance.now();
    say("the primary is killed");
    await sleep(3000);
    databases.promote();
    say(`the standby is promoted after ${Math.round(performance.now() - killed)} ms`);
    const acknowledged = writer.acknowledged.length;
    await until("a change after the failover", 60000, 50, () => writer.acknowledged.length > acknowledged);
    say(`the first change is done ${Math.round(performance.now() - killed)} ms after the kill`);
    await sleep(3000);
    tell("failed over");

    const conf = `${dir}/attestd.conf`;
    writeFileSync(
      conf,
      ["[attestd]", `base_url = ${url}`, `data_dir = ${replicas[0].data}`, `store = ${databases.store("attestd", slowTimeout)}`,
       `key_encryption_key = ${seed}/dev/kek.TEST-KEY`, `tls_certificate = ${seed}/dev/server.pem`, `tls_key = ${seed}/dev/server-key.TEST-KEY.pem`,
       ...keySettings.map((s) => s.replace("=", " = ")), ""].join("\n"),
    );
    let rotated = 0;
    for (let i = 0; i < ROTATIONS; i++) {
      const began = performance.now();
      const done = await attestctlRun("key", "rotate", "--config", conf, "--json");
      if (done.ok) rotated++;
      else say(`rotation ${i + 1}: ${done.out}`);
      if ((i + 1) % 20 === 0) tell(`${i + 1} rotations`);
      await sleep(Math.max(0, ROTATE_EVERY_MS - (performance.now() - began)));
    }
    // The last one has to take over, and to be used by everybody.
    await sleep(((2 * CACHE_SCALED_S + 60) * 1000) / FACTOR + 3000);
    await writer.stop();
    await load.stop();
    tell("the end");

    const lost = await writer.lost();
    const chain = databases.primary.sql(
      "SELECT bool_and(body::json->>'prev' IS NOT DISTINCT FROM before) FROM (SELECT body, encode(lag(sha256(convert_to(body, 'UTF8'))) OVER (ORDER BY seq), 'hex') AS before FROM audit) AS chain",
    );
    const records = databases.primary.sql("SELECT count(*) || ' of ' || max(seq) FROM audit");
    const verified = await attestctlRun("audit", "verify", "--config", conf);
    const generations = await Promise.all(replicas.map((r) => r.metric("attestd_store_generation")));
    for (const r of replicas) {
      const status = await r.end("SIGTERM");
      check(status === 0, `${r.name} ends with ${status}`);
    }
    await proxy.end();

    const n = load.n;
    count("attestations", n.attestations, n.attestations > 500);
    count("retried once", n.retried);
    count("failed after the retry", n.failed, n.failed === 0);
    count("tokens verified", n.verified, n.verified === n.attestations);
    count("tokens with an unknown kid", n.unknownKid, n.unknownKid === 0);
    count("tokens that did not verify", n.badToken, n.badToken === 0);
    count("slowest attestation, ms", Math.round(load.slowest));
    count("rotations done", `${rotated} of ${ROTATIONS}`, rotated === ROTATIONS);
    count("keys that signed", load.signedBy.size, load.signedBy.size >= Math.min(ROTATIONS, rotated));
    count("keys in the largest set, fetches of the set", `${keys.most}, ${keys.fetches}`);
    count("scaled time", `${((clock.now() - clock.epoch) / 3600).toFixed(1)} h`);
    count("changes acknowledged", writer.acknowledged.length, writer.acknowledged.length > 100);
    count("changes refused", [...writer.refused].map(([why, times]) => `${times} x ${why}`).join(", ") || "none");
    count("longest time without a change done, ms", Math.round(writer.longestGapMs));
    count("acknowledged changes lost", `${lost.length} ${lost.slice(0, 3).join("; ")}`, lost.length === 0);
    count("audit records, and the chain in SQL", `${records}, ${chain === "t" ? "holds" : "BROKEN"}`, chain === "t");
    count("attestctl audit verify", verified.out, verified.ok);
    count("generations of the replicas", generations.join(", "), new Set(generations).size === 1);
    for (const text of load.failures.slice(0, 5)) console.log(`       ${text}`);
  },

  // The database is stopped, and frozen: attestations go on, changes are told at once, until the bound of one replica.
  async outage() {
    databases.primary.sql("CREATE DATABASE outage ENCODING 'UTF8' TEMPLATE template0", "postgres");
    for (const r of replicas) r.options = [...common, "--set", `store=${databases.store("outage")}`];
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

const order = ["race", "outage", "life"];
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
    process.exit(1);
  });
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
for (const step of cleanUp.splice(0).reverse()) await step();
for (const line of counts) console.log(line);
console.log(`cases replicas passed ${failed ? 0 : 1} failed ${failed} skipped 0`);
process.exit(failed ? 1 : 0);
