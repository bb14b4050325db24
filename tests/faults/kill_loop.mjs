// usage: kill_loop.mjs ATTESTD DATA_DIR CYCLES SEED [ATTESTD_OPTION...]
//
// kill -9 in a loop while changes are written. Each writer has its own resource group and remembers what it was told: after
// each restart everything that was answered 2xx is there, what was under way is there wholly or not at all, and the audit
// trail has no gap, and a record for each change that was answered.
import { Attestd, sleep } from "./attestd.mjs";

const [attestd, data, cyclesText, seedText, ...options] = process.argv.slice(2);
const cycles = Number(cyclesText);
const WRITERS = 6;
const ARM = "api-version=2021-06-01";
const GROUPS = "api-version=2022-09-01";

let seed = Number(seedText) >>> 0;
const random = (n) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * n);
};
const server = await Attestd.make(attestd, data, options, WRITERS + 2);
let site;
let tokens;
const ask = (...what) => server.ask(...what);

async function start(round) {
  await server.start().catch((e) => {
    throw new Error(`cycle ${round}: ${e.message}`);
  });
  site = server.site;
}

async function signIn() {
  tokens ??= { arm: await server.token("owner", "https://management.azure.com"), data: await server.token("contributor", "https://attest.azure.net") };
}

// A writer's world: {group: false} or {group: true, provider: null | {tag, policy}}.
const b64 = (text) => Buffer.from(text).toString("base64url");
const policyText = (n) => `version= 1.0; authorizationrules { => permit(); }; issuancerules { => issue(type="n", value="${n}"); };`;
const policyToken = (n) => `${b64('{"alg":"none"}')}.${b64(JSON.stringify({ AttestationPolicy: b64(policyText(n)) }))}.`;
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

class Writer {
  constructor(i) {
    this.i = i;
    this.name = `kill${i}`;
    this.state = { group: false, provider: null };
    this.maybe = null;
    this.counter = 0;
    this.acknowledged = []; // request ids of changes that were answered
  }
  groupPath() {
    return `/subscriptions/${site.subscription_id}/resourceGroups/${this.name}`;
  }
  providerPath() {
    return `${this.groupPath()}/providers/Microsoft.Attestation/attestationProviders/${this.name}`;
  }
  // The next thing to do: what it asks, and the state that follows.
  next() {
    const n = `${this.i}-${++this.counter}`;
    if (!this.state.group)
      return { call: ["PUT", `${this.groupPath()}?${GROUPS}`, tokens.arm, '{"location":"eastus"}'], then: { group: true, provider: null } };
    const put = { call: ["PUT", `${this.providerPath()}?${ARM}`, tokens.arm, `{"location":"eastus","tags":{"n":"${n}"},"properties":{}}`] };
    if (!this.state.provider) return { ...put, then: { group: true, provider: { tag: n, policy: null } } };
    switch (random(8)) {
      case 0:
        return { call: ["DELETE", `${this.providerPath()}?${ARM}`, tokens.arm], then: { group: true, provider: null } };
      case 1: // everything below goes with it, or nothing
        return { call: ["DELETE", `${this.groupPath()}?${GROUPS}`, tokens.arm], then: { group: false, provider: null } };
      case 2:
      case 3:
      case 4:
        return {
          call: ["PUT", `/p/${this.name}/policies/SgxEnclave?api-version=2020-10-01`, tokens.data, policyToken(n), "text/plain"],
          then: { group: true, provider: { ...this.state.provider, policy: n } },
        };
      default:
        return {
          call: ["PATCH", `${this.providerPath()}?${ARM}`, tokens.arm, `{"tags":{"n":"${n}"}}`],
          then: { group: true, provider: { ...this.state.provider, tag: n } },
        };
    }
  }
  async run(until) {
    while (!until.over) {
      const step = this.next();
      this.maybe = step.then;
      const answer = await ask(...step.call);
      if (!answer) return; // killed in the middle: either state is right
      if (answer.status < 200 || answer.status > 299)
        throw new Error(`${this.name}: ${step.call[0]} ${step.call[1]} answered ${answer.status} ${JSON.stringify(answer.json)}`);
      this.state = step.then;
      this.maybe = null;
      this.acknowledged.push(answer.id);
    }
  }
  async seen() {
    const group = await ask("GET", `${this.groupPath()}?${GROUPS}`, tokens.arm);
    const provider = await ask("GET", `${this.providerPath()}?${ARM}`, tokens.arm);
    if (group?.status !== 200) {
      if (provider?.status === 200) return { half: "a provider without its group" };
      return { group: false, provider: null };
    }
    if (provider?.status !== 200) return { group: true, provider: null };
    const policy = await ask("GET", `/p/${this.name}/policies/SgxEnclave?api-version=2020-10-01`, tokens.data);
    const jws = JSON.parse(Buffer.from(policy.json.token.split(".")[1], "base64url"))["x-ms-policy"];
    const text = Buffer.from(JSON.parse(Buffer.from(jws.split(".")[1], "base64url")).AttestationPolicy, "base64url").toString();
    const set = /type="n", value="([^"]*)"/.exec(text);
    return { group: true, provider: { tag: provider.json.tags.n, policy: set ? set[1] : null } };
  }
  async check(round) {
    const now = await this.seen();
    if (!same(now, this.state) && !(this.maybe && same(now, this.maybe)))
      throw new Error(
        `cycle ${round}: ${this.name} has ${JSON.stringify(now)}, was told ${JSON.stringify(this.state)}` +
          (this.maybe ? `, under way was ${JSON.stringify(this.maybe)}` : ""),
      );
    this.state = now;
    this.maybe = null;
  }
}

// The whole trail: numbers without a gap.
async function auditCheck(writers) {
  const ids = new Set();
  let after = 0;
  let previous = null;
  for (;;) {
    const page = await ask("GET", `/subscriptions/${site.subscription_id}/providers/Microsoft.Attestation/auditRecords?api-version=2026-01-01&top=1000&after=${after}`, tokens.arm);
    if (page?.status !== 200) throw new Error(`audit: ${JSON.stringify(page)}`);
    for (const record of page.json.value) {
      if (record.seq <= after) throw new Error(`audit: record ${record.seq} behind ${after}`);
      if (previous !== null && record.seq !== previous + 1) throw new Error(`audit: a gap between ${previous} and ${record.seq}`);
      previous = record.seq;
      after = record.seq;
      const body = record.properties ?? record;
      if (body.request_id) ids.add(body.request_id);
    }
    if (page.json.value.length === 0 || !page.json.nextLink) break;
  }
  const missing = writers.flatMap((w) => w.acknowledged).filter((id) => !ids.has(id));
  if (missing.length > 0) throw new Error(`audit: ${missing.length} changes that were answered have no record, ${missing[0]} for one`);
  return previous;
}

let failed = null;
let changes = 0;
let records = 0;
let inTheMiddle = 0;
const writers = Array.from({ length: WRITERS }, (_, i) => new Writer(i));
let done = 0;
try {
  for (; done < cycles; done++) {
    await start(done);
    await signIn();
    for (const w of writers) await w.check(done);
    const until = { over: false };
    const running = writers.map((w) => w.run(until));
    await sleep(20 + random(180));
    await server.end("SIGKILL");
    until.over = true;
    await Promise.all(running);
    inTheMiddle += writers.filter((w) => w.maybe).length;
  }
  await start(done);
  await signIn();
  for (const w of writers) await w.check(done);
  records = await auditCheck(writers);
  changes = writers.reduce((n, w) => n + w.acknowledged.length, 0);
} catch (error) {
  failed = error;
}
await server.end("SIGKILL");
if (failed) console.log(`FAILED kill_loop: ${failed.stack ?? failed}`);
console.log(
  `kill_loop: ${done} cycles, ${changes} changes answered, ${inTheMiddle} requests cut in the middle, ${records} audit records`,
);
console.log(`cases kill_loop passed ${done} failed ${failed ? 1 : 0} skipped 0`);
process.exit(failed || changes === 0 ? 1 : 0);
