// usage: policies.mjs CREDENTIALS_JSON KEYS_DIR EVIDENCE_DIR
// Policy management with the official AttestationAdministrationClient: get, set and reset, unsigned and signed, on an AAD
// provider and on an Isolated one; policy signers listed, added and removed. KEYS_DIR holds NAME.pem and NAME.TEST-KEY.pem.
import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { AttestationManagementClient } from "@azure/arm-attestation";
import { ResourceManagementClient } from "@azure/arm-resources";
import { AttestationAdministrationClient, AttestationClient, createAttestationPolicyToken } from "@azure/attestation";
import { ClientSecretCredential } from "@azure/identity";
import { report, test } from "./cases.mjs";

const [credentialsFile, keysDir, evidenceDir] = process.argv.slice(2);
const site = JSON.parse(readFileSync(credentialsFile, "utf8"));
const endpoint = site.authority.replace(/\/$/, "");
const owner = site.principals.find((p) => p.name === "owner");
const credential = new ClientSecretCredential(site.tenant_id, owner.client_id, owner.client_secret, {
  authorityHost: endpoint,
  disableInstanceDiscovery: true,
});
const signer = (name) => ({
  certificate: readFileSync(`${keysDir}/${name}.pem`, "utf8"),
  privateKey: readFileSync(`${keysDir}/${name}.TEST-KEY.pem`, "utf8"),
});
const first = signer("first"); // a CA, RSA
const second = signer("second"); // no CA: basic constraints with a path length alone
const third = signer("third"); // P-256
const stranger = signer("stranger");
const text = (svn) => `version= 1.0;authorizationrules{=> permit();};issuancerules{=> issue(type="from", value="policy ${svn}");};`;
const sgxDefault = /^version=/;
const refused = (promise, status, code, words) =>
  assert.rejects(promise, (e) => {
    assert.equal(e.statusCode, status, `${e.statusCode} ${e.code}: ${e.message}`);
    assert.equal(e.code, code);
    assert.match(e.message, words);
    return true;
  });
const sha256url = (t) => createHash("sha256").update(t).digest("base64url");
const thumbprint = (s) => new X509Certificate(s.certificate).fingerprint.replaceAll(":", "");
const same = (hash, token) => assert.equal(Buffer.from(hash).toString("base64url"), sha256url(token));

const group = "policies-rg";
const location = "eastus";
const arm = new AttestationManagementClient(credential, site.subscription_id, { endpoint });
await new ResourceManagementClient(credential, site.subscription_id, { endpoint }).resourceGroups.createOrUpdate(group, { location });
const x5C = [first.certificate.replace(/-----[^-]*-----|\s/g, "")];
const aadProvider = await arm.attestationProviders.create(group, "polaad", { location, properties: {} });
const isoProvider = await arm.attestationProviders.create(group, "poliso", {
  location,
  properties: { policySigningCertificates: { keys: [{ kty: "RSA", alg: "RS256", use: "sig", x5C }] } },
});
const aad = new AttestationAdministrationClient(aadProvider.attestUri, credential);
const iso = new AttestationAdministrationClient(isoProvider.attestUri, credential);
const types = ["SgxEnclave", "OpenEnclave", "SevSnpVm", "TdxVm", "AzureGuest"];

await test("defaults by type", async () => {
  for (const type of ["SgxEnclave", "OpenEnclave", "SevSnpVm", "TdxVm"]) assert.match((await aad.getPolicy(type)).body, sgxDefault);
  assert.equal((await aad.getPolicy("SevSnpVm")).body, "version= 1.0;authorizationrules{=> permit();};");
});

await test("AAD: set unsigned, get, hash, reset, for every type that has evidence", async () => {
  for (const type of types) {
    const set = await aad.setPolicy(type, text(1));
    assert.equal(set.body.policyResolution, "Updated");
    same(set.body.policyTokenHash, createAttestationPolicyToken(text(1)).serialize());
    assert.equal((await aad.getPolicy(type)).body, text(1));
    assert.equal(set.body.policySigner, undefined);
    assert.equal((await aad.resetPolicy(type)).body.policyResolution, "Removed");
  }
  assert.notEqual((await aad.getPolicy("SgxEnclave")).body, text(1));
});

await test("AAD: signed by anybody, and who it was is said", async () => {
  for (const by of [first, second, stranger]) {
    const set = await aad.setPolicy("OpenEnclave", text(2), by);
    assert.equal(set.body.policyResolution, "Updated");
    same(set.body.policyTokenHash, createAttestationPolicyToken(text(2), by.privateKey, by.certificate).serialize());
    assert.equal(set.body.policySigner.certificates.length, 1);
    assert.equal((await aad.getPolicy("OpenEnclave")).body, text(2));
  }
  const set = await aad.setPolicy("OpenEnclave", text(2), third);
  assert.equal(set.body.policySigner.certificates.length, 1);
  assert.equal((await aad.resetPolicy("OpenEnclave", stranger)).body.policyResolution, "Removed");
});

await test("the token of an attestation names the signer, too", async () => {
  await aad.setPolicy("OpenEnclave", text(3), first);
  const client = new AttestationClient(aadProvider.attestUri);
  const answer = await client.attestOpenEnclave(readFileSync(`${evidenceDir}/report.bin`), {
    runTimeData: readFileSync(`${evidenceDir}/runtime_data.bin`),
  });
  const claims = JSON.parse(Buffer.from(answer.token.serialize().split(".")[1], "base64url").toString());
  assert.equal(claims.from, "policy 3");
  assert.deepEqual(claims["x-ms-policy-signer"].x5c, x5C);
  assert.equal(answer.body.policySigner.certificates.length, 1);
  await aad.resetPolicy("OpenEnclave");
});

await test("AAD: there are no policy signers, and none is added", async () => {
  assert.deepEqual((await aad.getPolicyManagementCertificates()).body, []);
  await refused(aad.addPolicyManagementCertificate(second.certificate, first.privateKey, first.certificate), 400, "InvalidOperation", /AAD|Isolated/);
});

await test("a policy that does not parse", async () => {
  await refused(aad.setPolicy("SgxEnclave", "version=1.0\n["), 400, "PolicyParsingError", /Offending symbol: '\['/);
  await refused(iso.setPolicy("SgxEnclave", "version=1.0\n[", first), 400, "PolicyParsingError", /Line: '2', Column: '1'/);
});

await test("Isolated: nothing without a listed signer", async () => {
  await refused(iso.setPolicy("SgxEnclave", text(4)), 400, "InvalidOperation", /sign/i);
  await refused(iso.resetPolicy("SgxEnclave"), 400, "InvalidOperation", /sign/i);
  await refused(iso.setPolicy("SgxEnclave", text(4), third), 400, "InvalidOperation", /sign/i);
  await refused(iso.resetPolicy("SgxEnclave", third), 400, "InvalidOperation", /sign/i);
  await refused(iso.setPolicy("SgxEnclave", text(4), second), 400, "InvalidParameter", /Unable to find issuer certificate CN=/);
});

await test("Isolated: set, get and reset by the listed one, as often as one likes", async () => {
  for (let i = 0; i < 2; i++) {
    const set = await iso.setPolicy("SgxEnclave", text(5), first);
    same(set.body.policyTokenHash, createAttestationPolicyToken(text(5), first.privateKey, first.certificate).serialize());
    assert.equal((await iso.getPolicy("SgxEnclave")).body, text(5));
    assert.equal((await iso.resetPolicy("SgxEnclave", first)).body.policyResolution, "Removed");
    assert.notEqual((await iso.getPolicy("SgxEnclave")).body, text(5));
  }
});

const listed = async () => {
  const signers = (await iso.getPolicyManagementCertificates()).body;
  return signers.map((s) => s.certificates[0].replace(/-----[^-]*-----|\s/g, "")).sort();
};
const der = (...all) => all.map((s) => s.certificate.replace(/-----[^-]*-----|\s/g, "")).sort();

await test("signers: add one that is no CA, one on P-256, again, and sign with them", async () => {
  assert.deepEqual(await listed(), der(first));
  for (const s of [second, third, third]) {
    const added = await iso.addPolicyManagementCertificate(s.certificate, first.privateKey, first.certificate);
    assert.equal(added.body.certificateResolution, "IsPresent");
    assert.equal(added.body.certificateThumbprint, thumbprint(s));
  }
  assert.deepEqual(await listed(), der(first, second, third));
  for (const s of [second, third]) {
    assert.equal((await iso.setPolicy("SgxEnclave", text(6), s)).body.policyResolution, "Updated");
    assert.equal((await iso.resetPolicy("SgxEnclave", s)).body.policyResolution, "Removed");
  }
});

await test("A20: a signer is not added by itself, and not removed by a stranger", async () => {
  await refused(iso.addPolicyManagementCertificate(stranger.certificate, stranger.privateKey, stranger.certificate), 400, "InvalidOperation", /sign/i);
  await refused(iso.removePolicyManagementCertificate(first.certificate, stranger.privateKey, stranger.certificate), 400, "InvalidOperation", /sign/i);
  assert.deepEqual(await listed(), der(first, second, third));
});

await test("A22: a removed signer signs no more", async () => {
  const removed = await iso.removePolicyManagementCertificate(third.certificate, first.privateKey, first.certificate);
  assert.equal(removed.body.certificateResolution, "IsAbsent");
  assert.equal(removed.body.certificateThumbprint, thumbprint(third));
  await refused(iso.setPolicy("SgxEnclave", text(7), third), 400, "InvalidOperation", /sign/i);
  await refused(iso.addPolicyManagementCertificate(third.certificate, third.privateKey, third.certificate), 400, "InvalidOperation", /sign/i);
  const again = await iso.removePolicyManagementCertificate(third.certificate, second.privateKey, second.certificate);
  assert.equal(again.body.certificateResolution, "IsAbsent");
});

await test("A19: the last signer stays", async () => {
  await iso.removePolicyManagementCertificate(second.certificate, first.privateKey, first.certificate);
  assert.deepEqual(await listed(), der(first));
  await refused(iso.removePolicyManagementCertificate(first.certificate, first.privateKey, first.certificate), 400, "InvalidOperation", /last/);
  assert.deepEqual(await listed(), der(first));
});

report("clients-policies");
