// A server of its own for a test, and the few requests that the tests make of it.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { createServer } from "node:net";

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

const freePort = () =>
  new Promise((resolve) => {
    const s = createServer().listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });

export class Attestd {
  static async make(program, data, options, sockets) {
    const s = new Attestd();
    // The same ports at each start: the port is part of the issuer, and so of tokens.
    Object.assign(s, { program, data, options, sockets, port: await freePort(), adminPort: await freePort() });
    return s;
  }

  async start() {
    const log = openSync(`${this.data}.log`, "a");
    const listen = ["--listen", `127.0.0.1:${this.port}`, "--admin-listen", `127.0.0.1:${this.adminPort}`];
    const began = performance.now();
    this.child = spawn(this.program, ["--dev", "--data", this.data, ...listen, ...this.options], { stdio: ["ignore", "pipe", log] });
    closeSync(log);
    const ready = await new Promise((resolve) => {
      let out = "";
      this.child.stdout.on("data", (d) => {
        out += d;
        if (out.includes("attestd ready")) resolve(true);
      });
      this.child.on("exit", () => resolve(false));
      setTimeout(() => resolve(false), 30000).unref();
    });
    if (!ready) throw new Error(`attestd did not become ready; see ${this.data}.log`);
    this.readyMs = performance.now() - began;
    this.site = JSON.parse(readFileSync(`${this.data}/dev/credentials.json`, "utf8"));
    this.agent = new Agent({ keepAlive: true, ca: readFileSync(`${this.data}/dev/ca.pem`), maxSockets: this.sockets });
  }

  // One request; resolves with {status, json, id}, or with null when no whole answer came.
  ask(method, path, token, body, type = "application/json") {
    return new Promise((resolve) => {
      const headers = {};
      if (token) headers.authorization = `Bearer ${token}`;
      if (body !== undefined) {
        headers["content-type"] = type;
        headers["content-length"] = Buffer.byteLength(body);
      }
      const to = { host: "127.0.0.1", port: this.port, path, method, headers, agent: this.agent, servername: "localhost" };
      const r = request(to, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (d) => (text += d));
        answer.on("error", () => resolve(null));
        answer.on("close", () => {
          if (!answer.complete) return resolve(null);
          try {
            const json = text ? JSON.parse(text) : undefined;
            resolve({ status: answer.statusCode, json, id: answer.headers["x-ms-request-id"] });
          } catch {
            resolve(null);
          }
        });
      });
      r.on("error", () => resolve(null));
      r.end(body);
    });
  }

  async token(name, resource) {
    const p = this.site.principals.find((x) => x.name === name);
    const form = new URLSearchParams({
      client_id: p.client_id,
      client_secret: p.client_secret,
      grant_type: "client_credentials",
      scope: `${resource}/.default`,
    }).toString();
    const path = `/${this.site.tenant_id}/oauth2/v2.0/token`;
    const answer = await this.ask("POST", path, null, form, "application/x-www-form-urlencoded");
    if (answer?.status !== 200) throw new Error(`no token: ${JSON.stringify(answer)}`);
    return answer.json.access_token;
  }

  end(signal) {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.child.on("exit", () => {
        this.agent?.destroy();
        resolve();
      });
      this.child.kill(signal);
    });
  }
}
