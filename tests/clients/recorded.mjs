// A real quote, judged at the time of its collateral. usage: recorded.mjs URL VECTOR_DIR
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { AttestationClient } from "@azure/attestation";
import { report, test } from "./cases.mjs";

const [url, dir] = process.argv.slice(2);
const quote = readFileSync(`${dir}/quote.bin`);
const expected = JSON.parse(readFileSync(`${dir}/expected.json`, "utf8"));
const strict = { validationOptions: { validateIssuer: true, expectedIssuer: url } };

await test("the real quote is accepted and its claims are those of the recording", async () => {
  const answer = await new AttestationClient(url).attestSgxEnclave(quote, strict);
  const claims = JSON.parse(Buffer.from(answer.token.serialize().split(".")[1], "base64url").toString());
  const body = expected.body;
  assert.equal(claims["x-ms-sgx-mrenclave"], body.mrenclave);
  assert.equal(claims["x-ms-sgx-mrsigner"], body.mrsigner);
  assert.equal(claims["x-ms-sgx-product-id"], body.isvprodid);
  assert.equal(claims["x-ms-sgx-svn"], body.isvsvn);
  assert.equal(claims["x-ms-sgx-is-debuggable"], body.debug);
  assert.equal(claims["x-ms-sgx-report-data"], body.report_data);
  assert.equal(claims["x-ms-sgx-collateral"].quotehash, expected.sha256_quote_bin);
  assert.deepEqual(claims["x-attestd-unsafe"], ["evidence-time"]);
  assert.equal(answer.body.mrEnclave, body.mrenclave);
  assert.ok(Math.abs(claims.iat - Date.now() / 1000) < 600, "iat is real time, not evidence time");
});

await test("one flipped bit of the real quote is refused", async () => {
  const bad = Buffer.from(quote);
  bad[100] ^= 0x10;
  await assert.rejects(new AttestationClient(url).attestSgxEnclave(bad), (error) => error.statusCode === 400);
});

report("clients-recorded");
