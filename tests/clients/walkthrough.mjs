// usage: walkthrough.mjs CREDENTIALS_JSON EVIDENCE_DIR ATTESTED_QUOTE_DIR SIGNER_PEM
// The life of a provider with the official clients: register, group, providers, roles, a token of the built-in authority,
// attest, delete - what the cloud's own guide walks through.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { AttestationManagementClient } from "@azure/arm-attestation";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ResourceManagementClient } from "@azure/arm-resources";
import { SubscriptionClient } from "@azure/arm-resources-subscriptions";
import { AttestationAdministrationClient, AttestationClient } from "@azure/attestation";
import { ClientSecretCredential } from "@azure/identity";
import { report, test } from "./cases.mjs";

const [credentialsFile, dir, signerPem] = process.argv.slice(2);
const site = JSON.parse(readFileSync(credentialsFile, "utf8"));
const quote = readFileSync(`${dir}/quote.bin`);
const runtime = readFileSync(`${dir}/runtime_data.bin`);
const endpoint = site.authority.replace(/\/$/, "");
const sub = site.subscription_id;
const location = "eastus";

const principal = (name) => site.principals.find((p) => p.name === name);
const signIn = (name, tenant) =>
  new ClientSecretCredential(tenant, principal(name).client_id, principal(name).client_secret, {
    authorityHost: endpoint,
    disableInstanceDiscovery: true,
  });
const signedIn = {}; // each keeps its tokens, as an application's would
const credential = (name) => (signedIn[name] ??= signIn(name, site.tenant_id));
const arm = (name) => new AttestationManagementClient(credential(name), sub, { endpoint, retryOptions: { maxRetries: 0 } });
const resources = (name) => new ResourceManagementClient(credential(name), sub, { endpoint });
const roles = (name) => new AuthorizationManagementClient(credential(name), sub, { endpoint });
const refused = async (promise, status, code) => {
  await assert.rejects(promise, (e) => {
    assert.equal(e.statusCode, status, `${e.statusCode} ${e.code}: ${e.message}`);
    if (code) assert.equal(e.code, code);
    return true;
  });
};
const all = async (pages) => {
  const out = [];
  for await (const item of pages) out.push(item);
  return out;
};
const roleId = (guid) => `/subscriptions/${sub}/providers/Microsoft.Authorization/roleDefinitions/${guid}`;
const READER = "fd1bd22b-8476-40bc-a0bc-69b95687b9f3"; // Attestation Reader
const CONTRIBUTOR = "bbf86eb8-f7b4-4cce-96e4-18cddf81d86e"; // Attestation Contributor
const group = "walk-rg";
const policy =
  'version= 1.0; authorizationrules { [ type=="$is-debuggable", value==true ] => permit(); ' +
  '[ type=="$is-debuggable", value==false ] => permit(); }; issuancerules { => issue(type="from-policy", value="yes"); };';
let aad;
let isolated;

await test("subscriptions: the caller's own", async () => {
  const client = new SubscriptionClient(credential("owner"), { endpoint });
  const list = await all(client.subscriptions.list());
  assert.deepEqual(list.map((s) => s.subscriptionId), [sub]);
  assert.equal(list[0].tenantId, site.tenant_id);
  assert.equal((await client.subscriptions.get(sub)).state, "Enabled");
});

await test("a provider needs the subscription's registration", async () => {
  await resources("owner").resourceGroups.createOrUpdate(group, { location });
  // --dev registers its subscription: unregister works only while there is no provider but the default one.
  const state = (await resources("owner").providers.get("Microsoft.Attestation")).registrationState;
  assert.equal(state, "Registered");
});

await test("register", async () => {
  const answer = await resources("owner").providers.register("Microsoft.Attestation");
  assert.equal(answer.registrationState, "Registered");
  assert.equal(answer.namespace, "Microsoft.Attestation");
  assert.ok(answer.resourceTypes.some((t) => t.resourceType === "attestationProviders" && t.apiVersions.includes("2021-06-01")));
});

await test("groups: create, get, list, exist", async () => {
  const made = await resources("owner").resourceGroups.createOrUpdate(group, { location, tags: { walk: "yes" } });
  assert.equal(made.name, group);
  assert.equal(made.properties.provisioningState, "Succeeded");
  assert.deepEqual((await resources("owner").resourceGroups.get(group)).tags, { walk: "yes" });
  assert.ok((await all(resources("owner").resourceGroups.list())).some((g) => g.name === group));
  assert.ok(await resources("owner").resourceGroups.checkExistence(group));
});

await test("operations list", async () => {
  const list = await arm("owner").operations.list();
  assert.ok(list.value.some((o) => o.name === "Microsoft.Attestation/attestationProviders/attestation/write"));
});

await test("create an AAD provider", async () => {
  aad = await arm("owner").attestationProviders.create(group, "walkaad", { location, tags: { a: "b" }, properties: {} });
  assert.equal(aad.trustModel, "AAD");
  assert.equal(aad.status, "Ready");
  assert.equal(aad.publicNetworkAccess, "Enabled");
  assert.equal(aad.attestUri, `${endpoint}/p/walkaad`);
  assert.equal(aad.type, "Microsoft.Attestation/attestationProviders");
  assert.equal(aad.id, `/subscriptions/${sub}/resourceGroups/${group}/providers/Microsoft.Attestation/attestationProviders/walkaad`);
  assert.ok(aad.systemData.createdAt instanceof Date);
});

await test("create an Isolated provider", async () => {
  const x5C = [readFileSync(signerPem, "utf8").replace(/-----[^-]*-----|\s/g, "")];
  isolated = await arm("owner").attestationProviders.create(group, "walkiso", {
    location,
    properties: { policySigningCertificates: { keys: [{ kty: "RSA", alg: "RS256", use: "sig", x5C }] } },
  });
  assert.equal(isolated.trustModel, "Isolated");
});

await test("the name is taken, the name is no name", async () => {
  await resources("owner").resourceGroups.createOrUpdate("walk-rg2", { location });
  await refused(arm("owner").attestationProviders.create("walk-rg2", "WALKAAD", { location, properties: {} }), 409);
  await refused(arm("owner").attestationProviders.create(group, "x", { location, properties: {} }), 400);
  await refused(arm("owner").attestationProviders.create("no-such-rg", "walkother", { location, properties: {} }), 404, "ResourceGroupNotFound");
});

await test("get, list, list by group", async () => {
  assert.deepEqual((await arm("owner").attestationProviders.get(group, "walkaad")).tags, { a: "b" });
  const names = (list) => list.value.map((p) => p.name).sort();
  assert.deepEqual(names(await arm("owner").attestationProviders.listByResourceGroup(group)), ["walkaad", "walkiso"]);
  assert.ok(names(await arm("owner").attestationProviders.list()).includes("walkiso"));
  await refused(arm("owner").attestationProviders.get(group, "nobody"), 404, "ResourceNotFound");
});

await test("tags change, the trust model does not", async () => {
  const updated = await arm("owner").attestationProviders.update(group, "walkaad", { tags: { c: "d" } });
  assert.deepEqual(updated.tags, { c: "d" });
  const x5C = [readFileSync(signerPem, "utf8").replace(/-----[^-]*-----|\s/g, "")];
  await refused(
    arm("owner").attestationProviders.create(group, "walkaad", {
      location,
      properties: { policySigningCertificates: { keys: [{ kty: "RSA", alg: "RS256", use: "sig", x5C }] } },
    }),
    409,
  );
  assert.equal((await arm("owner").attestationProviders.get(group, "walkaad")).trustModel, "AAD");
});

await test("default providers, and by location", async () => {
  const list = await arm("owner").attestationProviders.listDefault();
  assert.equal(list.value.length, 1);
  assert.equal(list.value[0].attestUri, endpoint);
  const here = await arm("owner").attestationProviders.getDefaultByLocation(list.value[0].location);
  assert.equal(here.name, list.value[0].name);
  await refused(arm("owner").attestationProviders.getDefaultByLocation("Atlantis"), 404);
});

await test("private endpoint connections and private link resources", async () => {
  const c = arm("owner").privateEndpointConnections;
  assert.deepEqual(await all(c.list(group, "walkaad")), []);
  const made = await c.create(group, "walkaad", "pec1", { privateLinkServiceConnectionState: { status: "Approved", description: "by test" } });
  assert.equal(made.privateLinkServiceConnectionState.status, "Approved");
  assert.equal((await all(c.list(group, "walkaad"))).length, 1);
  assert.equal((await c.get(group, "walkaad", "pec1")).name, "pec1");
  await c.delete(group, "walkaad", "pec1");
  assert.deepEqual(await all(c.list(group, "walkaad")), []);
  const links = await arm("owner").privateLinkResources.listByProvider(group, "walkaad");
  assert.equal((links.value[0].properties ?? links.value[0]).groupId, "standard", JSON.stringify(links));
});

await test("role definitions are the documented ones", async () => {
  const list = await all(roles("owner").roleDefinitions.list(`subscriptions/${sub}`));
  const reader = list.find((r) => r.roleName === "Attestation Reader");
  assert.equal(reader.name, READER);
  assert.deepEqual(reader.permissions[0].actions, ["Microsoft.Attestation/attestationProviders/attestation/read"]);
  assert.equal(list.length, 5);
});

const attester = (name) => new AttestationAdministrationClient(aad.attestUri, credential(name));

await test("no role is refused, and the missing action is named", async () => {
  await refused(attester("nobody").getPolicy("SgxEnclave"), 401, "Unauthorized");
  await assert.rejects(attester("nobody").getPolicy("SgxEnclave"), /Microsoft\.Attestation\/attestationProviders\/attestation\/read/);
  await refused(arm("nobody").attestationProviders.get(group, "walkaad"), 403, "AuthorizationFailed");
});

let assignment;
await test("assign Attestation Reader to a service principal", async () => {
  assignment = randomUUID();
  const made = await roles("owner").roleAssignments.create(aad.id, assignment, {
    roleDefinitionId: roleId(READER),
    principalId: principal("nobody").client_id,
    principalType: "ServicePrincipal",
  });
  assert.equal(made.name, assignment);
  assert.equal(made.principalId, principal("nobody").client_id);
  const list = await all(roles("owner").roleAssignments.listForScope(aad.id, { filter: "atScope()" }));
  assert.ok(list.some((a) => a.name === assignment));
});

await test("a reader reads, and may not write: 401 names the action", async () => {
  assert.match((await attester("nobody").getPolicy("SgxEnclave")).body, /version/);
  await refused(attester("nobody").setPolicy("SgxEnclave", policy), 401, "Unauthorized");
  await assert.rejects(attester("nobody").setPolicy("SgxEnclave", policy), /attestation\/write/);
  await refused(attester("reader").setPolicy("SgxEnclave", policy), 401, "Unauthorized");
});

await test("the role holds at its scope alone", async () => {
  const other = new AttestationAdministrationClient(isolated.attestUri, credential("nobody"));
  await refused(other.getPolicy("SgxEnclave"), 401, "Unauthorized");
  await refused(arm("nobody").attestationProviders.delete(group, "walkaad"), 403, "AuthorizationFailed");
});

await test("a contributor sets and gets the policy", async () => {
  const result = await attester("contributor").setPolicy("SgxEnclave", policy);
  assert.equal(result.body.policyResolution, "Updated");
  assert.equal((await attester("contributor").getPolicy("SgxEnclave")).body, policy);
});

await test("attest under that policy, at the provider's own address", async () => {
  const client = new AttestationClient(aad.attestUri, credential("nobody"));
  const answer = await client.attestSgxEnclave(quote, {
    runTimeData: runtime,
    validationOptions: { validateIssuer: true, expectedIssuer: aad.attestUri },
  });
  const claims = JSON.parse(Buffer.from(answer.token.serialize().split(".")[1], "base64url").toString());
  assert.equal(claims["from-policy"], "yes");
  assert.equal(claims["x-ms-policy"]["from-policy"], "yes");
  assert.equal(claims.iss, aad.attestUri);
});

await test("an Isolated provider takes no unsigned policy", async () => {
  await roles("owner").roleAssignments.create(isolated.id, randomUUID(), {
    roleDefinitionId: roleId(CONTRIBUTOR),
    principalId: principal("nobody").client_id,
    principalType: "ServicePrincipal",
  });
  const client = new AttestationAdministrationClient(isolated.attestUri, credential("nobody"));
  await refused(client.setPolicy("SgxEnclave", policy), 400, "InvalidOperation");
  const signers = await client.getPolicyManagementCertificates();
  assert.equal(signers.body.length ?? signers.body.certificates?.length, 1);
});

await test("a token of another tenant is not made", async () => {
  await assert.rejects(signIn("owner", randomUUID()).getToken("https://attest.azure.net/.default"));
  await assert.rejects(
    new ClientSecretCredential(site.tenant_id, principal("owner").client_id, "wrong", {
      authorityHost: endpoint,
      disableInstanceDiscovery: true,
    }).getToken("https://attest.azure.net/.default"),
    /invalid_client/,
  );
});

await test("a token for the wrong plane is refused", async () => {
  const get = (audience, path) => credential("owner").getToken(audience).then((t) =>
    fetch(`${endpoint}${path}`, { headers: { authorization: `Bearer ${t.token}` } }));
  const data = await get("https://attest.azure.net/.default", `/subscriptions/${sub}?api-version=2022-12-01`);
  assert.equal(data.status, 401);
  const control = await get("https://management.azure.com/.default", "/policies/SgxEnclave?api-version=2020-10-01");
  assert.equal(control.status, 401);
  assert.match(control.headers.get("www-authenticate"), /^Bearer authorization_uri="https:\/\/[^"]*", resource="https:\/\/attest\.azure\.net"$/);
});

await test("a removed role is gone at once", async () => {
  await roles("owner").roleAssignments.delete(aad.id, assignment);
  await refused(attester("nobody").getPolicy("SgxEnclave"), 401, "Unauthorized");
});

await test("delete: provider, then groups with what is in them", async () => {
  await arm("owner").attestationProviders.delete(group, "walkaad");
  await refused(arm("owner").attestationProviders.get(group, "walkaad"), 404, "ResourceNotFound");
  assert.equal((await fetch(`${aad.attestUri}/certs`)).status, 404);
  await arm("owner").attestationProviders.delete(group, "walkaad"); // 204
  const poller = resources("owner").resourceGroups.delete(group);
  await (poller.pollUntilDone ? poller.pollUntilDone() : poller);
  await refused(arm("owner").attestationProviders.get(group, "walkiso"), 404);
  assert.equal((await fetch(`${isolated.attestUri}/certs`)).status, 404);
});

report("clients-walkthrough");
