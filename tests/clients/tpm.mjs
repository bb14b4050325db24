// usage: tpm.mjs CREDENTIALS_JSON DATA_DIR ATTESTCTL WORK_DIR
// The TPM protocol with the official clients: policy, challenge, a request that answers it, the report; and what must fail as
// they see it. Requests are those of a made-up machine, by `attestctl evidence make tpm`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, X509Certificate, verify } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { AttestationManagementClient } from "@azure/arm-attestation";
import { ResourceManagementClient } from "@azure/arm-resources";
import { AttestationAdministrationClient, AttestationClient } from "@azure/attestation";
import { ClientSecretCredential } from "@azure/identity";
import { report, test } from "./cases.mjs";

const [credentialsFile, dataDir, attestctl, workDir] = process.argv.slice(2);
const site = JSON.parse(readFileSync(credentialsFile, "utf8"));
const endpoint = site.authority.replace(/\/$/, "");
const credentialOf = (name) => {
  const p = site.principals.find((one) => one.name === name);
  const options = { authorityHost: endpoint, disableInstanceDiscovery: true };
  return new ClientSecretCredential(site.tenant_id, p.client_id, p.client_secret, options);
};
const owner = credentialOf("owner");
const reader = credentialOf("reader");

const group = "tpm-rg";
const location = "eastus";
const arm = new AttestationManagementClient(owner, site.subscription_id, { endpoint });
await new ResourceManagementClient(owner, site.subscription_id, { endpoint }).resourceGroups.createOrUpdate(group, { location });
const provider = async (name) => (await arm.attestationProviders.create(group, name, { location, properties: {} })).attestUri;
const one = await provider("tpmone");
const two = await provider("tpmtwo");
const client = new AttestationClient(one, reader);
const admin = new AttestationAdministrationClient(one, owner);

const policy = `version=1.2;
configurationrules { => issueproperty(type="required_pcr_mask", value=16777215); };
authorizationrules { [type=="aikValidated", value==true, issuer=="AttestationService"] => permit(); };
issuancerules { c:[type=="secureBootEnabled", issuer=="AttestationService"] => issue(type="boot", value=c.value); };`;

const init = '{"payload":{"type":"aikcert"}}';
const challengeOf = async (from) => JSON.parse(await from.attestTpm(init)).payload;
const url = (bytes) => Buffer.from(bytes).toString("base64url");

// A request that answers a challenge, as the text that attestTpm takes; `more` are options of evidence make.
let made = 0;
function answerTo(challenge, ...more) {
  const out = `${workDir}/${++made}`;
  const answer = ["--challenge", challenge.challenge, "--service-context", challenge.service_context];
  // RSA for the first one; keys on curves are made in no time.
  const keys = made === 1 ? [] : ["--aik", "ecdsa", "--request-key", "software-ec"];
  execFileSync(attestctl, ["evidence", "make", "tpm", "--data", dataDir, "--out", out, ...answer, ...keys, ...more]);
  return JSON.stringify({ payload: { request: readFileSync(`${out}/request.jws`, "utf8").trim() } });
}

// As callers of the client see it: code and message of the documented shape, and which check said no behind them.
const refused = (promise, status, code, detail, words = /./) =>
  assert.rejects(promise, (e) => {
    assert.equal(e.statusCode, status, `${e.statusCode} ${e.code}: ${e.message}`);
    assert.equal(e.code, code, e.message);
    assert.match(e.message, words);
    assert.equal(JSON.parse(e.response.bodyAsText).error.details[0].code, detail);
    return true;
  });

await test("no policy: there is no default, and the refusal says so before anything is signed", async () => {
  const words = /^A VBS attestation policy has not been set on the attestation provider/;
  await refused(client.attestTpm(init), 400, "Bad request", "POLICY_MISSING", words);
});

// getPolicy of the client stumbles over a policy without a body, whoever sends it: so this is asked without it.
await test("no policy: reading it says so, with the member that other clients look for", async () => {
  const { token } = await owner.getToken("https://attest.azure.net/.default");
  const answer = await fetch(`${one}/policies/Tpm?api-version=2022-08-01`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  const result = JSON.parse(Buffer.from((await answer.json()).token.split(".")[1], "base64url"));
  assert.equal(result["x-ms-policy"], `${url('{"alg":"none"}')}..`);
});

await test("a policy is set and comes back as it was", async () => {
  const set = await admin.setPolicy("Tpm", policy);
  assert.equal(set.body.policyResolution, "Updated");
  assert.equal((await admin.getPolicy("Tpm")).body, policy);
  await new AttestationAdministrationClient(two, owner).setPolicy("Tpm", policy);
});

await test("without a token, and with one of somebody who has no role", async () => {
  await refused(new AttestationClient(one).attestTpm(init), 401, "Unauthorized", "ACCESS_TOKEN_MISSING");
  await refused(new AttestationClient(one, credentialOf("nobody")).attestTpm(init), 401, "Unauthorized", "ACCESS_DENIED");
});

let answered, another; // a request that was accepted, and a second one for its challenge

await test("challenge, request, report: the token is signed by a listed key and says what was proven", async () => {
  const challenge = await challengeOf(client);
  assert.equal(Buffer.from(challenge.challenge, "base64url").length, 16);
  const context = JSON.parse(Buffer.from(challenge.service_context, "base64url"));
  assert.match(context.ProtectionKeyName, /^[0-9a-f]{64}$/);
  answered = answerTo(challenge, "--rp-data", url("relying party"));
  another = answerTo(challenge);
  const token = JSON.parse(await client.attestTpm(answered)).payload.report;

  const [header, payload, signature] = token.split(".");
  const { kid, alg } = JSON.parse(Buffer.from(header, "base64url"));
  assert.equal(alg, "RS256");
  const signer = (await client.getAttestationSigners()).find((s) => s.keyId === kid);
  const key = new X509Certificate(signer.certificates[0]).publicKey;
  assert.ok(verify("sha256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url")));

  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  assert.equal(claims.iss, one);
  assert.equal(claims["x-ms-attestation-type"], "tpm");
  assert.equal(claims.boot, true);
  assert.equal(claims.rp_data, url("relying party"));
  assert.equal(claims.nonce, url("relying party"));
  assert.ok(claims.cnf.jwk);
  assert.equal(claims["x-ms-policy-hash"], createHash("sha256").update(url(policy)).digest("base64url"));

  writeFileSync(`${workDir}/token`, token);
  const expected = ["--expect", "x-ms-attestation-type=tpm", "--expect", "boot=true"];
  const checked = execFileSync(attestctl, ["token", "verify", "--allow-unsafe", `${workDir}/token`, "--issuer", one, "--ca", site.ca, ...expected], { encoding: "utf8" });
  assert.match(checked, /^valid: RS256/);
});

await test("E-z: the same request again, and another one for the same challenge", async () => {
  await refused(client.attestTpm(answered), 400, "InvalidParameter", "TPM_CHALLENGE_USED");
  await refused(client.attestTpm(another), 400, "InvalidParameter", "TPM_CHALLENGE_USED");
});

await test("a challenge of another provider", async () => {
  const theirs = await challengeOf(new AttestationClient(two, reader));
  const request = answerTo(theirs);
  await refused(client.attestTpm(request), 400, "InvalidParameter", "TPM_CONTEXT_INVALID");
  const there = new AttestationClient(two, reader);
  assert.ok(JSON.parse(await there.attestTpm(request)).payload.report, "and it is good there");
});

await test("another challenge than the context's", async () => {
  const [mine, other] = [await challengeOf(client), await challengeOf(client)];
  const mixed = { challenge: other.challenge, service_context: mine.service_context };
  await refused(client.attestTpm(answerTo(mixed)), 400, "InvalidParameter", "TPM_CHALLENGE_MISMATCH");
});

const breaks = [
  ["quote-signature", "TPM_QUOTE_SIGNATURE_INVALID"],
  ["log-digest", "EVENT_LOG_REPLAY_MISMATCH"],
  ["aik-stranger", "AIK_UNTRUSTED"],
];
for (const [name, code] of breaks) {
  await test(`broken: ${name}`, async () => {
    const challenge = await challengeOf(client);
    await refused(client.attestTpm(answerTo(challenge, "--break", name)), 400, "InvalidParameter", code);
  });
}

await test("what was refused has not used its challenge up", async () => {
  const challenge = await challengeOf(client);
  const flipped = answerTo(challenge, "--break", "jws-signature");
  await refused(client.attestTpm(flipped), 400, "InvalidParameter", "TPM_REQUEST_SIGNATURE_INVALID");
  assert.ok(JSON.parse(await client.attestTpm(answerTo(challenge))).payload.report);
});

await test("a policy that denies: the documented words, and no rule in them", async () => {
  await admin.setPolicy("Tpm", 'version=1.2; authorizationrules { [type=="secureBootEnabled", value==true] => permit(); }; issuancerules { };');
  const off = answerTo(await challengeOf(client), "--secure-boot", "off");
  await refused(client.attestTpm(off), 400, "PolicyEvaluationError", "POLICY_NO_PERMIT");
  assert.equal((await admin.resetPolicy("Tpm")).body.policyResolution, "Removed");
  await refused(client.attestTpm(init), 400, "Bad request", "POLICY_MISSING");
});

report("clients-tpm");
