// The load: connections that attest the same SGX evidence over and over and verify each token as a relying party with a cache
// of keys would, and a writer that changes things and remembers what it was told.
import { createPublicKey, randomUUID, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { sleep } from "./cluster.mjs";

// One request; {status, json, id, port} or null when no whole answer came.
export function ask(agent, to, method, path, { token = null, body = undefined, type = "application/json", timeout = 30000 } = {}) {
  return new Promise((resolve) => {
    const headers = {};
    if (token) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) {
      headers["content-type"] = type;
      headers["content-length"] = Buffer.byteLength(body);
    }
    const r = request({ host: "127.0.0.1", port: to, path, method, headers, agent, servername: "localhost", timeout }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (d) => (text += d));
      answer.on("error", () => resolve(null));
      answer.on("close", () => {
        if (!answer.complete) return resolve(null);
        try {
          resolve({
            status: answer.statusCode,
            json: text ? JSON.parse(text) : undefined,
            id: answer.headers["x-ms-request-id"],
            retryAfter: answer.headers["retry-after"],
            cacheControl: answer.headers["cache-control"],
          });
        } catch {
          resolve(null);
        }
      });
    });
    r.on("timeout", () => r.destroy());
    r.on("error", () => resolve(null));
    r.end(body);
  });
}

export function agentFor(data, sockets) {
  return new Agent({ keepAlive: true, ca: readFileSync(`${data}/dev/ca.pem`), maxSockets: sockets });
}

const parse = (part) => JSON.parse(Buffer.from(part, "base64url"));

// Keys of the service, asked for again when they are so old, and for no other reason: a kid that is not among them is counted.
export class KeyCache {
  constructor(load, ageMs) {
    Object.assign(this, { load, ageMs, keys: new Map(), at: -Infinity, loading: null, fetches: 0, kids: new Set(), most: 0 });
  }
  async refresh() {
    const answer = await this.load();
    if (!answer) return; // the old ones stay: the next token tries again
    this.fetches++;
    this.keys = new Map(answer.json.keys.map((k) => [k.kid, createPublicKey({ key: { kty: "RSA", n: k.n ?? numbers(k).n, e: k.e ?? numbers(k).e }, format: "jwk" })]));
    for (const kid of this.keys.keys()) this.kids.add(kid);
    this.most = Math.max(this.most, this.keys.size);
    this.at = performance.now();
  }
  async get(kid) {
    if (performance.now() - this.at > this.ageMs) {
      this.loading ??= this.refresh().finally(() => (this.loading = null));
      await this.loading;
    }
    return this.keys.get(kid);
  }
}
function numbers(jwk) {
  return createPublicKey(`-----BEGIN CERTIFICATE-----\n${jwk.x5c[0]}\n-----END CERTIFICATE-----\n`).export({ format: "jwk" });
}

const CLOCK_SKEW_S = 60;

export class Load {
  constructor({ port, agent, body, clock, keys, workers, pauseMs }) {
    Object.assign(this, { port, agent, body, clock, keys, workers, pauseMs, over: false });
    this.n = { attestations: 0, retried: 0, failed: 0, verified: 0, unknownKid: 0, badToken: 0 };
    this.signedBy = new Map();
    this.failures = [];
    this.slowest = 0;
  }
  start() {
    this.running = Array.from({ length: this.workers }, () => this.work());
  }
  async stop() {
    this.over = true;
    await Promise.all(this.running);
  }
  try_() {
    return ask(this.agent, this.port, "POST", "/attest/SgxEnclave?api-version=2022-08-01", { body: this.body });
  }
  async work() {
    while (!this.over) {
      let began = performance.now();
      let answer = await this.try_();
      if (!answer || answer.status >= 500 || answer.status === 429) {
        this.n.retried++;
        this.note?.(`retry: ${answer ? `${answer.status} ${JSON.stringify(answer.json)}` : "no answer"}`);
        await sleep(1000 * Math.min(Number(answer?.retryAfter ?? 0), 2)); // as it was told, and not for long
        began = performance.now();
        answer = await this.try_();
      }
      this.n.attestations++;
      this.slowest = Math.max(this.slowest, performance.now() - began);
      if (answer?.status === 200) await this.check(answer.json.token);
      else {
        this.n.failed++;
        this.failures.push(answer ? `${answer.status} ${JSON.stringify(answer.json)}` : "no answer");
      }
      await sleep(this.pauseMs);
    }
  }
  async check(token) {
    const [head, claims, signature] = token.split(".");
    const kid = parse(head).kid;
    const key = await this.keys.get(kid);
    if (!key) {
      this.n.unknownKid++;
      this.failures.push(`unknown kid ${kid}, cached ${[...this.keys.keys.keys()].join(" ")}`);
      return;
    }
    const now = this.clock.now();
    const c = parse(claims);
    const good =
      verify("sha256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url")) &&
      c.nbf <= now + CLOCK_SKEW_S && now <= c.exp + CLOCK_SKEW_S;
    if (good) this.n.verified++;
    else {
      this.n.badToken++;
      this.failures.push(`a token that does not verify: nbf ${c.nbf} exp ${c.exp} now ${now}`);
    }
    this.signedBy.set(kid, (this.signedBy.get(kid) ?? 0) + 1);
  }
}

// -- changes -----------------------------------------------------------------------------------------------------

const b64 = (text) => Buffer.from(text).toString("base64url");
const policyText = (n) => `version= 1.0; authorizationrules { => permit(); }; issuancerules { => issue(type="n", value="${n}"); };`;
const policyToken = (n) => `${b64('{"alg":"none"}')}.${b64(JSON.stringify({ AttestationPolicy: b64(policyText(n)) }))}.`;
const READER = "fd1bd22b-8476-40bc-a0bc-69b95687b9f3";

export class Writer {
  constructor({ port, agent, site, pauseMs }) {
    Object.assign(this, { port, agent, site, pauseMs, over: false, counter: 0 });
    this.acknowledged = []; // {id, kind, path, ...}
    this.refused = new Map();
    this.policy = { last: null, maybe: new Set() };
    this.longestGapMs = 0;
    this.tokens = {};
  }
  async token(name, resource) {
    const key = `${name} ${resource}`;
    const held = this.tokens[key];
    if (held && performance.now() - held.at < 10000) return held.text; // an hour of the scaled clock is 36 s
    const p = this.site.principals.find((x) => x.name === name);
    const body = new URLSearchParams({ client_id: p.client_id, client_secret: p.client_secret, grant_type: "client_credentials", scope: `${resource}/.default` }).toString();
    const answer = await ask(this.agent, this.port, "POST", `/${this.site.tenant_id}/oauth2/v2.0/token`, { body, type: "application/x-www-form-urlencoded" });
    if (answer?.status !== 200) return held?.text ?? null;
    this.tokens[key] = { text: answer.json.access_token, at: performance.now() };
    return answer.json.access_token;
  }
  arm() {
    return this.token("owner", "https://management.azure.com");
  }
  data() {
    return this.token("contributor", "https://attest.azure.net");
  }
  get scope() {
    return `/subscriptions/${this.site.subscription_id}`;
  }
  provider(name) {
    return `${this.scope}/resourceGroups/load/providers/Microsoft.Attestation/attestationProviders/${name}`;
  }
  async setUp() {
    const put = async (path, body) => {
      const answer = await ask(this.agent, this.port, "PUT", path, { token: await this.arm(), body });
      if (!answer || answer.status > 299) throw new Error(`set-up: ${path}: ${JSON.stringify(answer)}`);
    };
    await put(`${this.scope}/resourceGroups/load?api-version=2022-09-01`, '{"location":"eastus"}');
    await put(`${this.provider("steady")}?api-version=2021-06-01`, '{"location":"eastus","properties":{}}');
  }
  next() {
    const n = ++this.counter;
    switch (n % 3) {
      case 0:
        return { kind: "provider", method: "PUT", path: `${this.provider(`made${n}`)}?api-version=2021-06-01`, body: '{"location":"eastus","properties":{}}' };
      case 1:
        return { kind: "policy", n: String(n), method: "PUT", path: "/p/steady/policies/SgxEnclave?api-version=2022-08-01", body: policyToken(n), type: "text/plain", data: true };
      default: {
        const path = `${this.scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`;
        const role = `${this.scope}/providers/Microsoft.Authorization/roleDefinitions/${READER}`;
        return { kind: "role", method: "PUT", path, body: JSON.stringify({ properties: { roleDefinitionId: role, principalId: randomUUID() } }) };
      }
    }
  }
  async one() {
    const step = this.next();
    const token = await (step.data ? this.data() : this.arm());
    if (step.kind === "policy") this.policy.maybe.add(step.n);
    const answer = await ask(this.agent, this.port, step.method, step.path, { token, body: step.body, type: step.type });
    if (answer && answer.status >= 200 && answer.status <= 299) {
      this.acknowledged.push({ ...step, id: answer.id });
      if (step.kind === "policy") this.policy = { last: step.n, maybe: new Set() };
      return true;
    }
    const why = answer ? `${answer.status} ${answer.json?.error?.details?.[0]?.code ?? answer.json?.error?.code ?? ""}` : "no answer";
    this.refused.set(why, (this.refused.get(why) ?? 0) + 1);
    return false;
  }
  start() {
    this.running = this.work();
  }
  async work() {
    let last = performance.now();
    while (!this.over) {
      if (await this.one()) {
        const now = performance.now();
        this.longestGapMs = Math.max(this.longestGapMs, now - last);
        last = now;
      }
      await sleep(this.pauseMs);
    }
  }
  async stop() {
    this.over = true;
    await this.running;
  }
  // Every change that was answered 2xx must be there: the objects, the newest policy or one whose answer was lost, and a record.
  async lost() {
    const lost = [];
    const list = async (path) => {
      const all = [];
      for (let next = path; next; ) {
        const answer = await ask(this.agent, this.port, "GET", next, { token: await this.arm() });
        if (answer?.status !== 200) throw new Error(`${next}: ${JSON.stringify(answer)}`);
        all.push(...answer.json.value);
        next = answer.json.nextLink ? answer.json.nextLink.replace(/^https:\/\/[^/]*/, "") : null;
      }
      return all;
    };
    const there = new Set();
    for (const p of await list(`${this.scope}/providers/Microsoft.Attestation/attestationProviders?api-version=2021-06-01`)) there.add(p.id.toLowerCase());
    for (const r of await list(`${this.scope}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01`)) there.add(r.id.toLowerCase());
    for (const a of this.acknowledged)
      if (a.kind !== "policy" && !there.has(a.path.split("?")[0].toLowerCase())) lost.push(`${a.kind} ${a.path}`);
    const policy = await ask(this.agent, this.port, "GET", "/p/steady/policies/SgxEnclave?api-version=2022-08-01", { token: await this.data() });
    const jws = parse(policy.json.token.split(".")[1])["x-ms-policy"];
    const n = /value="([^"]*)"/.exec(Buffer.from(parse(jws.split(".")[1]).AttestationPolicy, "base64url").toString())?.[1];
    if (n !== this.policy.last && !this.policy.maybe.has(n)) lost.push(`policy is ${n}, was told ${this.policy.last}`);
    const ids = new Set();
    for (const record of await list(`${this.scope}/providers/Microsoft.Attestation/auditRecords?api-version=2026-01-01&top=1000`)) {
      const body = record.properties ?? record;
      if (body.request_id) ids.add(body.request_id);
    }
    for (const a of this.acknowledged) if (!ids.has(a.id)) lost.push(`the record of ${a.kind} ${a.path}`);
    return lost;
  }
}
