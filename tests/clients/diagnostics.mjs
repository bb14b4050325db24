// diagnostics.mjs CREDENTIALS EVIDENCE-DIR SINK-FILE RECEIVERS-DIR: @azure/arm-monitor sets a provider's diagnostics up; the records come
// into the file of the sink "siem", and to a journal and an OTLP receiver (receivers.py). The server has the sinks "siem", "archive",
// "system" and "otel".
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { AttestationManagementClient } from "@azure/arm-attestation";
import { MonitorClient } from "@azure/arm-monitor";
import { ResourceManagementClient } from "@azure/arm-resources";
import { AttestationClient } from "@azure/attestation";
import { ClientSecretCredential } from "@azure/identity";
import { report, test } from "./cases.mjs";

const [credentialsFile, dir, sinkFile, receivers] = process.argv.slice(2);
const site = JSON.parse(readFileSync(credentialsFile, "utf8"));
const quote = readFileSync(`${dir}/quote.bin`);
const endpoint = site.authority.replace(/\/$/, "");
const sub = site.subscription_id;

const signedIn = {};
const credential = (name) => {
  const p = site.principals.find((one) => one.name === name);
  return (signedIn[name] ??= new ClientSecretCredential(site.tenant_id, p.client_id, p.client_secret, {
    authorityHost: endpoint,
    disableInstanceDiscovery: true,
  }));
};
const monitor = (name) => new MonitorClient(credential(name), sub, { endpoint, retryOptions: { maxRetries: 0 } });
const group = "monitor-rg";
const id = (name) => `/subscriptions/${sub}/resourceGroups/${group}/providers/Microsoft.Attestation/attestationProviders/${name}`;
const workspace = (sink) => `/subscriptions/${sub}/resourceGroups/${group}/providers/any/attestdSinks/${sink}`;
const refused = (promise, status, code, text) =>
  assert.rejects(promise, (e) => {
    assert.equal(e.statusCode, status, `${e.statusCode} ${e.code}: ${e.message}`);
    assert.equal(e.code, code);
    if (text) assert.match(e.message, text);
    return true;
  });
const all = async (pages) => {
  const out = [];
  for await (const item of pages) out.push(item);
  return out;
};
const settings = (name, of) => all(monitor(name).diagnosticSettings.list(of));
const records = () =>
  existsSync(sinkFile) ? readFileSync(sinkFile, "utf8").split("\n").filter((l) => l.endsWith("}")).map((l) => JSON.parse(l)) : [];
const record = async (is) => {
  for (let i = 0; i < 60; i++) {
    const found = records().find(is);
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`no such record among ${records().length}`);
};
let watched;

await test("a provider to watch", async () => {
  await new ResourceManagementClient(credential("owner"), sub, { endpoint }).resourceGroups.createOrUpdate(group, { location: "eastus" });
  const arm = new AttestationManagementClient(credential("owner"), sub, { endpoint });
  watched = await arm.attestationProviders.create(group, "watched", { location: "eastus", properties: {} });
  await arm.attestationProviders.create(group, "quiet", { location: "eastus", properties: {} });
});

await test("categories: list and get", async () => {
  const list = await all(monitor("owner").diagnosticSettingsCategory.list(watched.id));
  assert.deepEqual(list.map((c) => c.name).sort(), ["AuditEvent", "NotProcessed", "Operational"]);
  const one = await monitor("owner").diagnosticSettingsCategory.get(watched.id, "AuditEvent");
  assert.equal(one.categoryType, "Logs");
  assert.equal(one.id, `${watched.id}/providers/Microsoft.Insights/diagnosticSettingsCategories/AuditEvent`);
  await refused(monitor("owner").diagnosticSettingsCategory.get(watched.id, "Other"), 404, "ResourceNotFound");
});

await test("create, get, list", async () => {
  assert.deepEqual(await settings("owner", watched.id), []);
  const made = await monitor("owner").diagnosticSettings.createOrUpdate(watched.id, "to-siem", {
    workspaceId: workspace("siem"),
    logs: [
      { category: "AuditEvent", enabled: true, retentionPolicy: { enabled: false, days: 0 } },
      { category: "Operational", enabled: true },
    ],
    metrics: [],
  });
  assert.equal(made.name, "to-siem");
  assert.equal(made.id, `${watched.id}/providers/Microsoft.Insights/diagnosticSettings/to-siem`);
  assert.equal(made.workspaceId, workspace("siem"));
  const got = await monitor("owner").diagnosticSettings.get(watched.id, "To-Siem");
  assert.deepEqual(got.logs.map((l) => [l.category, l.enabled]), [["AuditEvent", true], ["Operational", true]]);
  assert.deepEqual(got.metrics, []);
  // An Attestation Reader reads what a provider holds, and no settings.
  await refused(settings("reader", watched.id), 403, "AuthorizationFailed");
  assert.deepEqual((await settings("owner", watched.id)).map((s) => s.name), ["to-siem"]);
  assert.deepEqual(await settings("owner", id("quiet")), []);
});

await test("an attestation and its record", async () => {
  const client = new AttestationClient(watched.attestUri, { credentials: credential("owner"), validationOptions: { validateToken: false } });
  await client.attestSgxEnclave(quote);
  const r = await record((one) => one.operationName === "AttestSgxEnclave");
  assert.equal(r.category, "Operational");
  assert.equal(r.resourceId, watched.id);
  assert.equal(r.resultType, "Succeeded");
  assert.equal(r.resultSignature, "200");
  assert.match(r.uri, /\/p\/watched\/attest\/SgxEnclave\?api-version=/);
  assert.match(r.properties.infoDataReceived.Headers["User-Agent"], /azsdk-js/);
  assert.match(JSON.parse(r.traceContext).traceId, /^([0-9a-f]{32})?$/);
  assert.ok(!JSON.stringify(records()).includes(quote.subarray(0, 150).toString("base64url")));
  assert.ok(records().every((one) => one.resourceId === watched.id));
});

const lines = (name) => (existsSync(`${receivers}/${name}`) ? readFileSync(`${receivers}/${name}`, "utf8").split("\n").filter(Boolean).map((l) => JSON.parse(l)) : []);
const within = async (what, find) => {
  for (let i = 0; i < 100; i++) {
    const found = find();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(what);
};

await test("the same record at a journal and at an OTLP receiver", async () => {
  for (const [name, sink] of [["to-journal", "system"], ["to-otel", "otel"]])
    await monitor("owner").diagnosticSettings.createOrUpdate(watched.id, name, {
      workspaceId: workspace(sink),
      logs: [{ category: "Operational", enabled: true }],
    });
  assert.deepEqual((await settings("owner", watched.id)).map((s) => s.name).sort(), ["to-journal", "to-otel", "to-siem"]);
  const client = new AttestationClient(watched.attestUri, { credentials: credential("owner"), validationOptions: { validateToken: false } });
  const attested = () => records().filter((one) => one.operationName === "AttestSgxEnclave");
  const before = attested().length;
  await client.attestSgxEnclave(quote);
  const last = await within("no record in the file", () => attested()[before]);
  const wanted = last.properties.requestId;
  const inJournal = await within("nothing in the journal", () => lines("journal.out").find((f) => Object.values(f).some((v) => v.includes(wanted))));
  assert.ok(inJournal.MESSAGE && inJournal.PRIORITY, JSON.stringify(inJournal));
  const logs = () => lines("otlp.out").flatMap((b) => b.resourceLogs).flatMap((r) => r.scopeLogs).flatMap((s) => s.logRecords);
  const inOtlp = await within("nothing at the OTLP receiver", () => logs().find((l) => JSON.stringify(l).includes(wanted)));
  assert.match(inOtlp.timeUnixNano, /^[0-9]{19}$/);
  assert.ok(inOtlp.severityNumber > 0 && inOtlp.attributes.length > 3);
  // Changes are AuditEvents, which these two have not asked for.
  assert.ok(!JSON.stringify(logs()).includes("AuditEvent"));
});

await test("update: another sink takes the place of the first", async () => {
  const now = await monitor("owner").diagnosticSettings.createOrUpdate(watched.id, "to-siem", {
    workspaceId: workspace("Archive"),
    logs: [{ category: "AuditEvent", enabled: true }, { category: "Operational", enabled: false }],
  });
  assert.equal(now.workspaceId, workspace("Archive"));
  const before = records().length;
  assert.equal((await fetch(`${watched.attestUri}/certs`)).status, 200);
  await new Promise((done) => setTimeout(done, 200));
  assert.equal(records().length, before);
});

await test("refusals", async () => {
  const put = (body) => monitor("owner").diagnosticSettings.createOrUpdate(watched.id, "wrong", body);
  const logs = [{ category: "AuditEvent", enabled: true }];
  await refused(put({ workspaceId: workspace("nobody"), logs }), 400, "InvalidParameter", /siem/);
  await refused(put({ storageAccountId: "/subscriptions/x/storage", logs }), 400, "InvalidParameter", /attestdSinks/);
  await refused(put({ eventHubAuthorizationRuleId: "/x", eventHubName: "y", logs }), 400, "InvalidParameter");
  await refused(put({ workspaceId: workspace("siem"), logs: [{ category: "Nothing", enabled: true }] }), 400, "InvalidParameter");
  await refused(put({ workspaceId: workspace("siem"), logs: [{ category: "AuditEvent", enabled: false }] }), 400, "InvalidParameter");
  await refused(put({ workspaceId: workspace("siem"), logs, metrics: [{ category: "AllMetrics", enabled: true }] }), 400, "InvalidParameter");
  await refused(monitor("owner").diagnosticSettings.get(watched.id, "wrong"), 404, "ResourceNotFound");
  await refused(settings("owner", id("not-there")), 404, "ResourceNotFound");
  await refused(settings("nobody", watched.id), 403, "AuthorizationFailed");
  await refused(
    monitor("contributor").diagnosticSettings.createOrUpdate(watched.id, "wrong", { workspaceId: workspace("nobody"), logs }),
    403, "AuthorizationFailed");
});

await test("delete, twice", async () => {
  await monitor("owner").diagnosticSettings.delete(watched.id, "to-siem");
  await monitor("owner").diagnosticSettings.delete(watched.id, "to-siem"); // 204
  for (const name of ["to-journal", "to-otel"]) await monitor("owner").diagnosticSettings.delete(watched.id, name);
  assert.deepEqual(await settings("owner", watched.id), []);
});

report("clients-diagnostics");
