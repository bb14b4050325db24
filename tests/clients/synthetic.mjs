// usage: synthetic.mjs URL EVIDENCE_DIR JSON_EVIDENCE_DIR
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { AttestationAdministrationClient, AttestationClient } from "@azure/attestation";
import { report, test } from "./cases.mjs";

const [url, dir, jsonDir] = process.argv.slice(2);
const quote = readFileSync(`${dir}/quote.bin`);
const oeReport = readFileSync(`${dir}/report.bin`);
const runtime = readFileSync(`${dir}/runtime_data.bin`);
const jsonQuote = readFileSync(`${jsonDir}/quote.bin`);
const jsonReport = readFileSync(`${jsonDir}/report.bin`);
const runtimeJson = readFileSync(`${jsonDir}/runtime_data.bin`);
const body = quote.subarray(48, 432);
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const strict = { validationOptions: { validateIssuer: true, expectedIssuer: url } };
const client = () => new AttestationClient(url);
const decode = (segment) => JSON.parse(Buffer.from(segment, "base64url").toString());

function checkEnclave(result, ofQuote) {
  const report_ = ofQuote.subarray(48, 432);
  assert.equal(result.mrEnclave, hex(report_.subarray(64, 96)));
  assert.equal(result.mrSigner, hex(report_.subarray(128, 160)));
  assert.equal(result.productId, report_.readUInt16LE(256));
  assert.equal(result.svn, report_.readUInt16LE(258));
  assert.equal(result.isDebuggable, (report_[48] & 2) !== 0);
  assert.equal(result.issuer, url);
  assert.equal(result.verifierType, "sgx");
  assert.equal(result.version, "1.0");
}

await test("metadata names issuer and keys", async () => {
  const metadata = await client().getOpenIdMetadata();
  assert.equal(metadata.issuer, url);
  assert.equal(metadata.jwks_uri, `${url}/certs`);
  assert.ok(metadata.response_types_supported.includes("token"));
});

await test("signers carry certificates", async () => {
  const signers = await client().getAttestationSigners();
  assert.ok(signers.length >= 1);
  assert.match(signers[0].certificates[0], /BEGIN CERTIFICATE/);
});

await test("SGX quote, runtime data as bytes", async () => {
  const answer = await client().attestSgxEnclave(quote, { runTimeData: runtime, ...strict });
  checkEnclave(answer.body, quote);
  assert.equal(hex(answer.body.enclaveHeldData), hex(runtime));
  assert.equal(answer.body.runTimeClaims, undefined);
  assert.match(answer.body.sgxCollateral.quotehash, /^[0-9a-f]{64}$/);
});

await test("SGX quote, runtime data as JSON", async () => {
  const answer = await client().attestSgxEnclave(jsonQuote, { runTimeJson: runtimeJson, ...strict });
  checkEnclave(answer.body, jsonQuote);
  assert.deepEqual(answer.body.runTimeClaims, JSON.parse(runtimeJson.toString()));
  assert.equal(answer.body.enclaveHeldData, undefined);
});

await test("SGX quote without runtime data", async () => {
  const answer = await client().attestSgxEnclave(quote, strict);
  checkEnclave(answer.body, quote);
  assert.equal(answer.body.enclaveHeldData, undefined);
});

await test("Open Enclave report, runtime data as bytes", async () => {
  const answer = await client().attestOpenEnclave(oeReport, { runTimeData: runtime, ...strict });
  checkEnclave(answer.body, quote);
  assert.equal(hex(answer.body.enclaveHeldData), hex(runtime));
});

await test("Open Enclave report, runtime data as JSON", async () => {
  const answer = await client().attestOpenEnclave(jsonReport, { runTimeJson: runtimeJson, ...strict });
  assert.deepEqual(answer.body.runTimeClaims, JSON.parse(runtimeJson.toString()));
});

await test("token header names the key of /certs, and says what is unsafe", async () => {
  const answer = await client().attestSgxEnclave(quote, strict);
  const [head, payload] = answer.token.serialize().split(".");
  const header = decode(head);
  const certs = await (await fetch(`${url}/certs`)).json();
  assert.equal(header.alg, "RS256");
  assert.equal(header.typ, "JWT");
  assert.equal(header.jku, `${url}/certs`);
  assert.ok(certs.keys.some((key) => key.kid === header.kid));
  assert.deepEqual(decode(payload)["x-attestd-unsafe"], ["test-roots"]);
});

await test("draft policy gives an unsecured token with its claims", async () => {
  const policy = 'version=1.0; authorizationrules { => permit(); }; issuancerules { => issue(type="who", value="draft"); };';
  const answer = await client().attestSgxEnclave(quote, { draftPolicyForAttestation: policy });
  assert.equal(answer.token.algorithm, "none");
  assert.equal(answer.body.policyClaims.who, "draft");
  checkEnclave(answer.body, quote);
});

await test("draft policy that denies is refused with the documented code and text", async () => {
  const policy = "version=1.0; authorizationrules { => deny(); };";
  await assert.rejects(client().attestSgxEnclave(quote, { draftPolicyForAttestation: policy }), (error) => {
    assert.equal(error.statusCode, 400);
    assert.equal(error.code, "PolicyEvaluationError");
    assert.match(error.message, /A Deny claim was issued, authorization failed/);
    return true;
  });
});

await test("draft policy with a syntax error is refused with line and column", async () => {
  await assert.rejects(client().attestSgxEnclave(quote, { draftPolicyForAttestation: "version=1.0\n[" }), (error) => {
    assert.equal(error.code, "PolicyParsingError");
    assert.match(error.message, /Line: '2', Column: '1'/);
    return true;
  });
});

await test("one flipped bit is refused", async () => {
  const bad = Buffer.from(quote);
  bad[48 + 64] ^= 1;
  await assert.rejects(client().attestSgxEnclave(bad), (error) => {
    assert.equal(error.statusCode, 400);
    assert.equal(error.code, "InvalidParameter");
    assert.match(error.message, /signed by the attestation key/);
    return true;
  });
});

await test("other runtime data is refused", async () => {
  await assert.rejects(client().attestSgxEnclave(quote, { runTimeData: Buffer.from("something else") }), (error) => {
    assert.equal(error.statusCode, 400);
    return true;
  });
});

await test("a quote sent as Open Enclave report is refused", async () => {
  await assert.rejects(client().attestOpenEnclave(quote), (error) => error.statusCode === 400);
});

await test("the administration client reads the same signers", async () => {
  const credential = { getToken: async () => ({ token: "no.real.token", expiresOnTimestamp: Date.now() + 3600e3 }) };
  const admin = new AttestationAdministrationClient(url, credential);
  assert.ok(admin);
  const withToken = new AttestationClient(url, credential);
  checkEnclave((await withToken.attestSgxEnclave(quote, strict)).body, quote);
});

await test("twenty attestations over one client", async () => {
  const one = client();
  for (let i = 0; i < 20; i++) checkEnclave((await one.attestSgxEnclave(quote, strict)).body, quote);
});

assert.equal(body.length, 384);
report("clients-synthetic");
