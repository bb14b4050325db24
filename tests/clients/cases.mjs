// Counting named cases; the closing line is what `make check` adds up.
let passed = 0;
let failed = 0;

export async function test(name, body) {
  try {
    await body();
    passed++;
  } catch (error) {
    failed++;
    console.log(`FAILED clients: ${name}: ${error && error.stack ? error.stack : error}`);
  }
}

export function report(name) {
  console.log(`cases ${name} passed ${passed} failed ${failed} skipped 0`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
