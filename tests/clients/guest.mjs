// usage: guest.mjs URL DATA_DIR ATTESTCTL WORK_DIR
// Azure guests over REST as the client library for them (C++, not on npm) speaks: api-version 2020-10-01, no token, one member
// AttestationInfo; the answer is opened with openssl and Node's AES-GCM, by the key that in a real guest its TPM keeps.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createDecipheriv, createPublicKey, verify, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { AttestationClient } from "@azure/attestation";
import { report, test } from "./cases.mjs";

const [url, dataDir, attestctl, workDir] = process.argv.slice(2);
const signers = await new AttestationClient(url).getAttestationSigners();

// Evidence of a made-up guest: folder and files of it.
let made = 0;
function guest(...more) {
  const dir = `${workDir}/guest-${++made}`;
  execFileSync(attestctl, ["evidence", "make", "azure-guest", "--data", dataDir, "--out", dir, ...more]);
  return { dir, body: () => JSON.parse(readFileSync(`${dir}/attest-azure-guest-body.json`, "utf8")) };
}

async function post(body) {
  const answer = await fetch(`${url}/attest/AzureGuest?api-version=2020-10-01`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

function decryptRsaes(dir, encrypted) {
  writeFileSync(`${dir}/inner.bin`, encrypted);
  return execFileSync("openssl", ["pkeyutl", "-decrypt", "-inkey", `${dir}/answer.TEST-KEY.pem`, "-pkeyopt", "rsa_padding_mode:pkcs1", "-in", `${dir}/inner.bin`], { stdio: ["ignore", "pipe", "ignore"] });
}

function open(dir, answer) {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual(Object.keys(answer.body), ["token"]);
  const sealed = JSON.parse(Buffer.from(answer.body.token, "base64url"));
  const bytes = (text) => Buffer.from(text, "base64");
  const params = sealed.EncryptionParams;
  assert.deepEqual([params.Cipher, params.BlockMode, params.BlockPadding, params.KeySizeInBits], ["AES", "ChainingModeGCM", "PKCS7", 256]);
  const decipher = createDecipheriv("aes-256-gcm", decryptRsaes(dir, bytes(sealed.EncryptedInnerKey)), bytes(params.Iv));
  decipher.setAAD(Buffer.from("Transport Key"));
  decipher.setAuthTag(bytes(sealed.AuthenticationData));
  return Buffer.concat([decipher.update(bytes(sealed.Jwt)), decipher.final()]).toString();
}

function claimsOf(token) {
  const [header, payload, signature] = token.split(".");
  const { kid, alg } = JSON.parse(Buffer.from(header, "base64url"));
  assert.equal(alg, "RS256");
  const certificate = new X509Certificate(signers.find((s) => s.keyId === kid).certificates[0]);
  const key = createPublicKey(certificate.publicKey.export({ type: "spki", format: "pem" }));
  assert.ok(verify("sha256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url")));
  return JSON.parse(Buffer.from(payload, "base64url"));
}

let good; // evidence that was accepted, and its claims

await test("a Linux guest under SEV-SNP: the answer opens with its key alone, and says what booted and on what", async () => {
  good = guest("--nonce", Buffer.from("freshness").toString("base64"), "--vm-id", "0F1E2D3C-0000-4000-8000-123456789ABC");
  const answer = await post(good.body());
  const token = open(good.dir, answer);
  const claims = claimsOf(token);
  assert.equal(claims.iss, url);
  assert.equal(claims["x-ms-attestation-type"], "azurevm");
  assert.equal(claims.secureboot, true);
  assert.equal(claims["x-ms-azurevm-is-windows"], false);
  assert.equal(claims["x-ms-azurevm-vmid"], "0F1E2D3C-0000-4000-8000-123456789ABC");
  assert.deepEqual(claims["x-ms-azurevm-attested-pcrs"], [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.equal(claims["x-ms-isolation-tee"]["x-ms-attestation-type"], "sevsnpvm");
  assert.equal(claims["x-ms-runtime"]["client-payload"].nonce, Buffer.from("freshness").toString("base64"));
  assert.equal(claims["x-ms-runtime"].keys[0].kid, "TpmEphemeralEncryptionKey");

  writeFileSync(`${workDir}/guest-token`, token);
  const expected = ["--expect", "x-ms-attestation-type=azurevm", "--expect", "secureboot=true"];
  const checked = execFileSync(attestctl, ["token", "verify", "--allow-unsafe", `${workDir}/guest-token`, "--issuer", url, "--ca", `${dataDir}/dev/ca.pem`, ...expected], { encoding: "utf8" });
  assert.match(checked, /^valid: RS256/);
});

await test("attestctl sends the same and opens it with the same key", async () => {
  const options = ["--url", url, "--ca", `${dataDir}/dev/ca.pem`, "--evidence", `${good.dir}/attestation-info.json`];
  const token = execFileSync(attestctl, ["attest", "azure-guest", ...options, "--answer-key", `${good.dir}/answer.TEST-KEY.pem`], { encoding: "utf8" });
  assert.equal(claimsOf(token.trim()).secureboot, true);
});

let off; // a guest without Secure Boot

await test("a Windows guest with Secure Boot off: a token that says so", async () => {
  off = guest("--os", "windows", "--secure-boot", "off", "--isolation", "trusted-launch");
  const claims = claimsOf(open(off.dir, await post(off.body())));
  assert.equal(claims.secureboot, false);
  assert.equal(claims["x-ms-azurevm-is-windows"], true);
  assert.equal(claims["x-ms-isolation-tee"], undefined);
});

await test("a key of another TPM does not open it", async () => {
  const answer = await post(good.body());
  // openssl refuses the padding, or gives a key of its own making, which the tag then refuses.
  assert.throws(() => open(off.dir, answer));
});

const breaks = [
  ["runtime-flip", "HCL_RUNTIME_HASH_MISMATCH"],
  ["ak-other", "AK_MISMATCH"],
  ["enc-name", "KEY_CERTIFY_INVALID"],
];
for (const [name, code] of breaks) {
  await test(`broken: ${name}`, async () => {
    const answer = await post(guest("--break", name).body());
    assert.equal(answer.status, 400, JSON.stringify(answer.body));
    assert.equal(answer.body.error.code, "InvalidParameter");
    assert.equal(answer.body.error.details[0].code, code);
  });
}

const others = { "a request of the TPM protocol": `${workDir}/machine/request.jws`, "the paravisor's report alone": `${good.dir}/hcl-report.bin` };
execFileSync(attestctl, ["evidence", "make", "tpm", "--data", dataDir, "--out", `${workDir}/machine`, "--aik", "ecdsa"]);
for (const [name, file] of Object.entries(others)) {
  await test(`E-x: ${name}, posted as a guest`, async () => {
    const answer = await post({ AttestationInfo: readFileSync(file).toString("base64url") });
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error.details[0].code, "GUEST_REQUEST_MALFORMED");
  });
}

report("clients-guest");
