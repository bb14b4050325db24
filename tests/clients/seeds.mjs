// usage: seeds.mjs CREDENTIALS_JSON SEEDS_DIR EVIDENCE_DIR
// The artefacts of the guides that this service was begun from, as they stand: an Isolated provider from the signer's
// certificate, the signed policy, the unsigned one, a second signer, and the policy's text against a quote.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { AttestationManagementClient } from "@azure/arm-attestation";
import { ResourceManagementClient } from "@azure/arm-resources";
import { AttestationAdministrationClient, AttestationClient } from "@azure/attestation";
import { ClientSecretCredential } from "@azure/identity";
import { report, test } from "./cases.mjs";

const [credentialsFile, dir, evidenceDir] = process.argv.slice(2);
const site = JSON.parse(readFileSync(credentialsFile, "utf8"));
const endpoint = site.authority.replace(/\/$/, "");
const owner = site.principals.find((p) => p.name === "owner");
const credential = new ClientSecretCredential(site.tenant_id, owner.client_id, owner.client_secret, {
  authorityHost: endpoint,
  disableInstanceDiscovery: true,
});
const seed = (name) => readFileSync(`${dir}/${name}`, "utf8").trim();
const location = "eastus";
const group = "seeds-rg";
await new ResourceManagementClient(credential, site.subscription_id, { endpoint }).resourceGroups.createOrUpdate(group, { location });
const arm = new AttestationManagementClient(credential, site.subscription_id, { endpoint });
const payload = (jws) => JSON.parse(Buffer.from(jws.split(".")[1], "base64url").toString());

// What the guides show is the body on the wire, which the client library makes itself: so these go by hand.
async function send(provider, method, path, body) {
  const { token } = await credential.getToken("https://attest.azure.net/.default");
  const answer = await fetch(`${provider.attestUri}${path}?api-version=2020-10-01`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "text/plain" },
    body,
  });
  const json = await answer.json();
  return { status: answer.status, code: json.error?.code, message: json.error?.message, claims: json.token && payload(json.token) };
}

let isolated;
let aad;
await test("an Isolated provider from policy-signer.pem", async () => {
  const x5C = [seed("policy-signer.pem").replace(/-----[^-]*-----|\s/g, "")];
  isolated = await arm.attestationProviders.create(group, "seediso", {
    location,
    properties: { policySigningCertificates: { keys: [{ kty: "RSA", alg: "RS256", use: "sig", x5C }] } },
  });
  assert.equal(isolated.trustModel, "Isolated");
  aad = await arm.attestationProviders.create(group, "seedaad", { location, properties: {} });
  assert.equal(aad.trustModel, "AAD");
});

await test("policy-signed.jwt is accepted as it stands", async () => {
  const set = await send(isolated, "PUT", "/policies/SgxEnclave", seed("policy-signed.jwt"));
  assert.equal(set.status, 200, set.message);
  assert.equal(set.claims["x-ms-policy-result"], "Updated");
  assert.ok(set.claims["x-ms-policy-signer"].x5c[0]);
  const got = await send(isolated, "GET", "/policies/SgxEnclave");
  assert.equal(got.claims["x-ms-policy"], seed("policy-signed.jwt"));
});

await test("policy-unsigned.jwt is refused there, and accepted on an AAD provider", async () => {
  const no = await send(isolated, "PUT", "/policies/SgxEnclave", seed("policy-unsigned.jwt"));
  assert.deepEqual([no.status, no.code], [400, "InvalidOperation"]);
  const yes = await send(aad, "PUT", "/policies/SgxEnclave", seed("policy-unsigned.jwt"));
  assert.equal(yes.status, 200, yes.message);
  assert.equal((await new AttestationAdministrationClient(aad.attestUri, credential).getPolicy("SgxEnclave")).body, seed("policy-sgx.txt"));
});

await test("signer-add.jwt adds the second signer, and the list shows both", async () => {
  const added = await send(isolated, "POST", "/certificates:add", JSON.stringify(seed("signer-add.jwt")));
  assert.equal(added.status, 200, added.message);
  assert.equal(added.claims["x-ms-policycertificates-result"], "IsPresent");
  const listed = (await send(isolated, "GET", "/certificates")).claims["x-ms-policy-certificates"].keys.map((k) => k.x5c[0]);
  const wanted = [seed("policy-signer.pem").replace(/-----[^-]*-----|\s/g, ""), payload(seed("signer-add.jwt"))["maa-policyCertificate"].x5c[0]];
  assert.deepEqual(listed.sort(), wanted.sort());
});

await test("policy-sgx.txt judges an SGX quote and issues the claims it names", async () => {
  const quote = readFileSync(`${evidenceDir}/quote.bin`);
  for (const options of [{}, { draftPolicyForAttestation: seed("policy-sgx.txt") }]) {
    const client = new AttestationClient(aad.attestUri);
    const answer = await client.attestSgxEnclave(quote, options);
    const claims = payload(answer.token.serialize());
    assert.equal(claims["is-debuggable"], claims["x-ms-sgx-is-debuggable"]);
    assert.equal(typeof claims["is-debuggable"], "boolean");
    assert.match(claims["sgx-mrsigner"], /^[0-9a-f]{64}$/);
    assert.equal(claims["sgx-mrenclave"], claims["x-ms-sgx-mrenclave"]);
    assert.equal(claims["product-id"], claims["x-ms-sgx-product-id"]);
    assert.equal(claims.svn, claims["x-ms-sgx-svn"]);
    assert.equal(claims.tee, "sgx");
  }
});

report("clients-seeds");
