// Ten times more attestations than the service can do: overload.mjs ATTESTD DATA QUOTE SECONDS
// Compares goodput and the control plane's latency under overload with those at a load that it can just do.
import https from 'node:https';
import { readFileSync } from 'node:fs';
import { Worker, isMainThread, workerData, parentPort } from 'node:worker_threads';
import { Attestd } from './attestd.mjs';
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';

const body = path => JSON.stringify({ quote: readFileSync(path).toString('base64url') });

// -- a worker: so many connections, each asks again as soon as it has its answer -------------------------------
async function load({ url, ca, quote, connections, seconds }) {
    const agent = new https.Agent({ keepAlive: true, maxSockets: connections, ca: readFileSync(ca) });
    const data = body(quote);
    const counts = { ok: 0, busy: 0, other: 0, withoutRetryAfter: 0, busyMs: [] };
    const until = Date.now() + seconds * 1000;
    const ask = () => new Promise(done => {
        const begun = performance.now();
        const r = https.request(url + '/attest/SgxEnclave?api-version=2022-08-01',
            { method: 'POST', agent, headers: { 'Content-Type': 'application/json', 'Content-Length': data.length } }, answer => {
                answer.resume();
                answer.on('end', () => {
                    if (answer.statusCode === 200) counts.ok++;
                    else if (answer.statusCode === 503) {
                        counts.busy++;
                        counts.busyMs.push(performance.now() - begun);
                        if (!answer.headers['retry-after']) counts.withoutRetryAfter++;
                    } else counts.other++;
                    done();
                });
            });
        r.on('error', () => { counts.other++; done(); });
        r.end(data);
    });
    const one = async () => { while (Date.now() < until) await ask(); };
    await Promise.all(Array.from({ length: connections }, one));
    agent.destroy();
    return counts;
}

if (!isMainThread) {
    parentPort.postMessage(await load(workerData));
} else {
    const [attestd, data, seconds] = process.argv.slice(2);
    const server = await Attestd.make(attestd, data, ['--set', 'threads=1', '--set', 'overload_ms=50'], 4);
    await server.start();
    execFileSync(`${dirname(attestd)}/attestctl`, ['evidence', 'make', 'sgx', '--data', data, '--out', `${data}.quote`]);
    const quote = `${data}.quote/quote.bin`, url = `https://localhost:${server.port}`;
    const who = server.site;
    const bearer = await server.token('owner', 'https://management.azure.com');
    const run = connections => new Promise((done, failed) => {
        const w = new Worker(new URL(import.meta.url), { workerData: { url, ca: who.ca, quote, connections, seconds: +seconds } });
        w.on('message', done); w.on('error', failed);
    });
    // The control plane meanwhile: a list, again and again, on a connection of its own.
    const watch = async promise => {
        const agent = new https.Agent({ keepAlive: true, ca: readFileSync(who.ca) });
        const times = []; let over = false, failed = 0;
        promise.then(() => { over = true; });
        while (!over) {
            const begun = performance.now();
            await new Promise(done => {
                const r = https.get(`${url}/subscriptions/${who.subscription_id}/providers/Microsoft.Attestation/attestationProviders?api-version=2021-06-01`,
                    { agent, headers: { Authorization: `Bearer ${bearer}` } }, answer => {
                        answer.resume();
                        answer.on('end', () => { if (answer.statusCode === 200) times.push(performance.now() - begun); else failed++; done(); });
                    });
                r.on('error', () => { failed++; done(); });
            });
            await new Promise(r => setTimeout(r, 20));
        }
        agent.destroy();
        times.sort((a, b) => a - b);
        return { asked: times.length, failed, p50: times[Math.floor(times.length / 2)] ?? 0, p99: times[Math.floor(times.length * 0.99)] ?? 0 };
    };
    const measure = async connections => { const p = run(connections); const control = await watch(p); return { load: await p, control }; };
    await measure(8); // warm
    const full = await measure(8);
    const over = await measure(2000);
    await server.end('SIGTERM');
    const rate = m => Math.round(m.load.ok / seconds);
    const say = (name, m) => console.log(`${name}: ${rate(m)} tokens/s, ${Math.round(m.load.busy / seconds)} refused/s, ${m.load.other} other; control plane ${m.control.asked} answered, ${m.control.failed} not, p50 ${m.control.p50.toFixed(1)} ms, p99 ${m.control.p99.toFixed(1)} ms`);
    say('as much as it can do', full);
    say('2000 clients at once', over);
    let passed = 0, bad = 0;
    const check = (ok, text) => { if (ok) passed++; else { bad++; console.log(`FAILED overload: ${text}`); } };
    check(over.load.busy > 0, 'some attestations are refused');
    check(over.load.withoutRetryAfter === 0, 'each of them with Retry-After');
    check(over.load.other === 0, 'nothing else happens to them');
    check(over.control.failed === 0 && over.control.asked > 5, 'the control plane answers every time');
    console.log(`ratio overload.goodput_vs_full ${(rate(over) / rate(full)).toFixed(3)}`);
    console.log(`cases overload passed ${passed} failed ${bad} skipped 0`);
    process.exit(bad === 0 ? 0 : 1);
}
