// Real evidence of confidential VMs over REST, judged at one time. usage: vms.mjs URL SEVSNP_VECTORS TDX_VECTOR_DIR TOKEN_VECTORS
import assert from "node:assert/strict";
import { createPublicKey, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { report, test } from "./cases.mjs";

const [url, snp, tdx, tokens] = process.argv.slice(2);
const text = (file) => readFileSync(file, "utf8");
const expected = (dir) => JSON.parse(text(`${dir}/expected.json`));
// As Go's base64.URLEncoding writes it.
const padded = (bytes) => Buffer.from(bytes).toString("base64").replaceAll("+", "-").replaceAll("/", "_");

async function post(path, body, version = "2022-08-01") {
  const answer = await fetch(`${url}/attest/${path}?api-version=${version}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

// The signature by the key that /certs publishes under the token's kid.
async function claimsOf(answer) {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const [header, payload, signature] = answer.body.token.split(".");
  const { kid, alg, jku } = JSON.parse(Buffer.from(header, "base64url"));
  assert.equal(alg, "RS256");
  assert.equal(jku, `${url}/certs`);
  const { keys } = await (await fetch(jku)).json();
  const key = keys.find((k) => k.kid === kid);
  const certificate = new X509Certificate(Buffer.from(key.x5c[0], "base64"));
  assert.ok(verify("sha256", Buffer.from(`${header}.${payload}`), createPublicKey(certificate.publicKey.export({ type: "spki", format: "pem" })), Buffer.from(signature, "base64url")));
  return JSON.parse(Buffer.from(payload, "base64url"));
}

function snpReport(dir, endorsement, encode) {
  const inner = { SnpReport: encode(readFileSync(`${dir}/report.bin`)), VcekCertChain: encode(readFileSync(`${dir}/chain.pem`)) };
  if (endorsement) inner.Endorsements = encode(JSON.stringify({ Uvm: [encode(readFileSync(endorsement))] }));
  return encode(JSON.stringify(inner));
}

await test("SEV-SNP as the official sidecar sends it: padded base64url, a nonce of 2^63+1 as a number, no init-time data", async () => {
  const dir = `${snp}/milan-v2-aci-uvm-runtime`;
  const runtime = readFileSync(`${dir}/runtime-data.json`);
  // The nonce does not fit a double: it is written by hand.
  const body = `{"report":"${snpReport(dir, `${dir}/uvm-endorsement.cose`, padded)}","runtimeData":{"data":"${padded(runtime)}","dataType":"JSON"},"initTimeData":{"data":"","dataType":""},"nonce":9223372036854775809}`;
  const claims = await claimsOf(await post("SevSnpVM", body, "2020-10-01"));
  assert.equal(claims.nonce, "9223372036854775809");
  assert.equal(claims["x-ms-attestation-type"], "sevsnpvm");
  assert.equal(claims["x-ms-compliance-status"], "azure-compliant-uvm");
  assert.deepEqual(claims["x-ms-runtime"], JSON.parse(runtime));
  for (const [name, value] of Object.entries(expected(dir).expected_claims)) {
    if (name.startsWith("x-ms-sevsnpvm-")) assert.deepEqual(claims[name], value, name);
  }
  assert.equal(claims["x-ms-inittime"], undefined);
});

await test("the same with its init-time data", async () => {
  const dir = `${snp}/milan-v2-aci-uvm-runtime`;
  const answer = await post("SevSnpVm", {
    report: snpReport(dir, null, padded),
    runtimeData: { data: padded(readFileSync(`${dir}/runtime-data.json`)), dataType: "JSON" },
    initTimeData: { data: padded(readFileSync(`${dir}/init-time-data.bin`)), dataType: "Binary" },
  });
  const claims = await claimsOf(answer);
  assert.equal(claims["x-ms-compliance-status"], undefined, "no endorsement, no status");
});

await test("a real answer of Azure Attestation is reproduced claim for claim", async () => {
  const body = text(`${snp}/milan-v2-azure-samples/maa-request-original.json`);
  const claims = await claimsOf(await post("sevsnpvm", body, "2020-10-01"));
  const theirs = expected(`${tokens}/sevsnp-aci-nouvm`).claims;
  // Of the issue itself, not of the evidence: who, when, which number. And ours says that the time was set.
  const own = ["iss", "iat", "nbf", "exp", "jti"];
  assert.deepEqual(claims["x-attestd-unsafe"], ["evidence-time"]);
  delete claims["x-attestd-unsafe"];
  assert.deepEqual(Object.keys(claims), Object.keys(theirs), "names and order");
  assert.equal(claims.exp - claims.iat, theirs.exp - theirs.iat);
  for (const name of own) { delete claims[name]; delete theirs[name]; }
  assert.deepEqual(claims, theirs);
});

await test("TDX: a real quote of version 4", async () => {
  const claims = await claimsOf(await post("TdxVm", { quote: readFileSync(`${tdx}/quote.bin`).toString("base64url") }, "2023-04-01-preview"));
  const { body } = expected(tdx);
  assert.equal(claims["x-ms-attestation-type"], "tdxvm");
  assert.equal(claims.attester_tcb_status, "UpToDate");
  assert.equal(claims.tdx_mrtd, body.mrtd);
  assert.equal(claims.tdx_mrseam, body.mrseam);
  assert.equal(claims.tdx_rtmr0, body.rtmr0);
  assert.equal(claims.tdx_report_data, body.report_data);
  assert.equal(claims.eat_profile, "https://aka.ms/maa-eat-profile-tdxvm");
});

const refused = [
  ["E-x: a TDX quote for an SGX one", "SgxEnclave", () => ({ quote: readFileSync(`${tdx}/quote.bin`).toString("base64url") }), 400, "TEE_MISMATCH"],
  ["E-x: an SEV-SNP report for a TDX quote", "TdxVm", () => ({ quote: readFileSync(`${snp}/milan-v3-aci/report.bin`).toString("base64url") }), 400, "ATTESTATION_KEY_TYPE"],
  ["E-x: a TDX quote for an SEV-SNP report", "SevSnpVm", () => ({ report: padded(JSON.stringify({ SnpReport: padded(readFileSync(`${tdx}/quote.bin`)), VcekCertChain: padded(readFileSync(`${snp}/milan-v3-aci/chain.pem`)) })) }), 400, "SNP_VERSION"],
  ["one flipped bit of the quote", "TdxVm", () => { const q = readFileSync(`${tdx}/quote.bin`); q[200] ^= 1; return { quote: q.toString("base64url") }; }, 400, "QUOTE_SIGNATURE_INVALID"],
  ["the bare report, without its JSON", "SevSnpVm", () => ({ report: padded(readFileSync(`${snp}/milan-v3-aci/report.bin`)) }), 400, "REQUEST_MALFORMED"],
  ["an endorsement of another machine", "SevSnpVm", () => ({ report: snpReport(`${snp}/milan-v2-azure-samples`, `${snp}/milan-v2-aci-uvm-runtime/uvm-endorsement.cose`, padded) }), 400, "ENDORSEMENT_INVALID"],
  ["E-a: other runtime data", "SevSnpVm", () => ({ report: snpReport(`${snp}/milan-v2-aci-uvm-runtime`, null, padded), runtimeData: { data: padded("{}"), dataType: "JSON" } }), 400, "RUNTIME_DATA_MISMATCH"],
];
for (const [name, path, body, status, code] of refused) {
  await test(name, async () => {
    const answer = await post(path, body());
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.ok(answer.body.error.details[0].code.startsWith(code), answer.body.error.details[0].code);
  });
}

report("clients-vms");
