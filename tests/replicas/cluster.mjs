// A PostgreSQL primary with its synchronous standby, HAProxy, and replicas of attestd: all on loopback, on free ports, in one
// folder. Whoever starts something here ends it, by its process id.
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, closeSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const PG = "/usr/lib/postgresql/15/bin";

const began = performance.now();
export const say = (text) => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);

export const freePort = () =>
  new Promise((resolve) => {
    const s = createServer().listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });

// The clock of the wall, as many times faster (scaled_clock.c).
export class Clock {
  constructor(preload, factor) {
    Object.assign(this, { preload, factor, epoch: Math.floor(Date.now() / 1000) });
  }
  env() {
    return { LD_PRELOAD: this.preload, ATTESTD_TEST_CLOCK: `${this.epoch} ${this.factor}` };
  }
  now() {
    return this.epoch + (Date.now() / 1000 - this.epoch) * this.factor;
  }
}

export async function until(what, ms, everyMs, ask) {
  const end = performance.now() + ms;
  for (;;) {
    const got = await ask();
    if (got) return got;
    if (performance.now() > end) throw new Error(`${what}: not within ${ms / 1000} s`);
    await sleep(everyMs);
  }
}

// For run.sh, should this program be killed.
export const processes = { file: null };
const remember = (pid) => appendFileSync(processes.file, `${pid}\n`);

const gone = (child) => child.exitCode !== null || child.signalCode !== null;

function end(child, signal) {
  if (!child || gone(child)) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill(signal);
  });
}

// -- PostgreSQL --------------------------------------------------------------------------------------------------

const root = process.getuid() === 0;
const asUser = (program, args) => (root ? ["runuser", ["-u", "postgres", "--", program, ...args]] : [program, args]);
const run = (program, args) => {
  const [p, a] = asUser(program, args);
  return execFileSync(p, a, { encoding: "utf8", cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
};

class Database {
  constructor(dir, name, port) {
    Object.assign(this, { dir, name, port, data: `${dir}/${name}` });
  }
  start(options = []) {
    const settings = [`port=${this.port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${this.dir}`, "max_connections=200", ...options];
    const o = settings.map((s) => `-c ${s}`).join(" ");
    run(`${PG}/pg_ctl`, ["-w", "-t", "60", "-s", "-D", this.data, "-l", `${this.data}.log`, "-o", o, "start"]);
    this.pid = Number(readFileSync(`${this.data}/postmaster.pid`, "utf8").split("\n")[0]);
    remember(this.pid);
  }
  sql(text, database = "attestd") {
    return run(`${PG}/psql`, ["-X", "-A", "-t", "-q", "-h", this.dir, "-p", String(this.port), "-U", "attestd", "-d", database, "-c", text]).trim();
  }
  // The server and its children, which are found now: they go a moment after their parent.
  processes() {
    const all = [this.pid];
    try {
      const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, "utf8").trim();
      all.push(...children.split(" ").filter(Boolean).map(Number));
    } catch {
      return [];
    }
    return all;
  }
  signal(name) {
    for (const pid of this.processes()) {
      try {
        process.kill(pid, name);
      } catch {
        // it has ended by itself
      }
    }
  }
  stop() {
    if (!this.pid || !existsSync(`/proc/${this.pid}`)) return;
    this.signal("SIGCONT");
    try {
      run(`${PG}/pg_ctl`, ["-w", "-t", "20", "-s", "-D", this.data, "-m", "immediate", "stop"]);
    } catch {
      this.signal("SIGKILL");
    }
  }
}

export class Databases {
  static async make(dir) {
    const d = new Databases();
    mkdirSync(dir, { mode: 0o755 });
    if (root) execFileSync("chown", ["postgres", dir]);
    d.first = new Database(dir, "first", await freePort());
    d.second = new Database(dir, "second", await freePort());
    run(`${PG}/initdb`, ["-D", d.first.data, "-U", "attestd", "-A", "trust", "-E", "UTF8", "-N", "--locale=C.UTF-8"]);
    d.first.start(["wal_level=replica", "max_wal_senders=5", "wal_keep_size=256MB"]);
    d.first.sql("CREATE DATABASE attestd ENCODING 'UTF8' TEMPLATE template0", "postgres");
    const from = `host=127.0.0.1 port=${d.first.port} user=attestd application_name=second`;
    run(`${PG}/pg_basebackup`, ["-D", d.second.data, "-d", from, "-R", "-X", "stream", "-c", "fast"]);
    d.second.start(["wal_retrieve_retry_interval=200ms"]);
    // From here on a commit is answered when it is on both disks.
    d.first.sql("ALTER SYSTEM SET synchronous_standby_names = 'second'");
    d.first.sql("SELECT pg_reload_conf()");
    await until("a synchronous standby", 20000, 100, () => d.first.sql("SELECT sync_state FROM pg_stat_replication") === "sync");
    d.primary = d.first;
    return d;
  }
  // As libpq takes it: whichever of the two is the primary.
  store(database = "attestd", timeout = "connect_timeout=5") {
    const ports = `${this.first.port},${this.second.port}`;
    return `postgres:host=127.0.0.1,127.0.0.1 port=${ports} user=attestd dbname=${database} target_session_attrs=read-write ${timeout}`;
  }
  // The standby first, and nothing said about which of them is meant.
  storeByDefault(database) {
    return `postgres:host=127.0.0.1,127.0.0.1 port=${this.second.port},${this.first.port} user=attestd dbname=${database}`;
  }
  killPrimary() {
    this.primary.signal("SIGKILL");
  }
  promote() {
    run(`${PG}/pg_ctl`, ["-w", "-t", "60", "-s", "-D", this.second.data, "promote"]);
    this.primary = this.second;
  }
  stop() {
    this.second?.stop();
    this.first?.stop();
  }
}

// -- attestd -----------------------------------------------------------------------------------------------------

export class Replica {
  static async make(dir, i, options) {
    const r = new Replica();
    Object.assign(r, { name: `replica ${i}`, dir, data: `${dir}/replica${i}`, options, port: await freePort(), adminPort: await freePort() });
    return r;
  }
  async start(program, { clock = null, more = [], wait = true } = {}) {
    const log = openSync(`${this.data}.log`, "a");
    const listen = ["--listen", `127.0.0.1:${this.port}`, "--admin-listen", `127.0.0.1:${this.adminPort}`];
    const env = { ...process.env, ...(clock ? clock.env() : {}) };
    const child = spawn(program, ["--dev", "--data", this.data, ...listen, ...this.options, ...more], { stdio: ["ignore", "pipe", log], env });
    this.child = child;
    remember(child.pid);
    closeSync(log);
    const ready = new Promise((resolve) => {
      let out = "";
      child.stdout.on("data", (d) => {
        out += d;
        if (out.includes("attestd ready")) resolve(true);
      });
      child.on("exit", () => resolve(false));
      setTimeout(() => resolve(false), 60000).unref();
    });
    this.ready = ready;
    if (wait && !(await ready)) throw new Error(`${this.name} did not become ready; see ${this.data}.log`);
  }
  async end(signal) {
    await end(this.child, signal);
    return this.child?.exitCode;
  }
  admin(path) {
    return new Promise((resolve) => {
      const r = get({ host: "127.0.0.1", port: this.adminPort, path, timeout: 5000 }, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (d) => (text += d));
        answer.on("end", () => resolve({ status: answer.statusCode, text }));
      });
      r.on("timeout", () => r.destroy());
      r.on("error", () => resolve(null));
    });
  }
  async metric(name) {
    const page = await this.admin("/metrics");
    const line = page?.text.split("\n").find((l) => l.startsWith(`${name} `) || l.startsWith(`${name}{`));
    return line ? Number(line.slice(line.lastIndexOf(" ") + 1)) : null;
  }
}

// What --dev makes at its first start - key-encryption key, certificates, made-up hardware - is the same for all.
export async function shareDevFolder(program, dir, replicas) {
  const seed = await Replica.make(dir, "-seed", []);
  await seed.start(program);
  await seed.end("SIGTERM");
  for (const r of replicas) {
    mkdirSync(r.data, { mode: 0o700 });
    cpSync(`${seed.data}/dev`, `${r.data}/dev`, { recursive: true });
  }
  return seed.data;
}

// -- HAProxy -----------------------------------------------------------------------------------------------------

export class Proxy {
  static async make(dir) {
    const p = new Proxy();
    Object.assign(p, { dir, port: await freePort() });
    return p;
  }
  async start(replicas) {
    const servers = replicas.map((r, i) => `    server r${i + 1} 127.0.0.1:${r.port} check port ${r.adminPort} inter 300ms fall 1 rise 1`);
    writeFileSync(
      `${this.dir}/haproxy.cfg`,
      `global
    maxconn 2000
defaults
    mode tcp
    timeout connect 2s
    timeout client 150s
    timeout server 150s
    retries 3
    option redispatch 1
frontend service
    bind 127.0.0.1:${this.port}
    default_backend replicas
backend replicas
    balance roundrobin
    option httpchk GET /readyz
    http-check expect status 200
${servers.join("\n")}
`,
    );
    const log = openSync(`${this.dir}/haproxy.log`, "a");
    this.child = spawn("/usr/sbin/haproxy", ["-db", "-f", `${this.dir}/haproxy.cfg`], { stdio: ["ignore", log, log] });
    closeSync(log);
    remember(this.child.pid);
    await sleep(700);
    if (gone(this.child)) throw new Error(`haproxy did not start; see ${this.dir}/haproxy.log`);
  }
  async end() {
    await end(this.child, "SIGTERM");
  }
}

export function note(file, text) {
  appendFileSync(file, `${text}\n`);
}
