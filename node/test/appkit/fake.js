// A workspace on loopback for AppKit apps: the calls that AppKit makes at its start, and the Jobs API with runs that move by
// themselves or by hand. It counts calls, and does what a test asks it to do wrong.

import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";

const ORG = "1234567890";

/** Starts a workspace; with `tls`, a key and a certificate, it is an HTTPS server. */
export async function startFake(tls) {
  const fake = new Fake(tls);
  await new Promise((resolve) => fake.server.listen(0, "127.0.0.1", resolve));
  fake.host = `${tls ? "https" : "http"}://127.0.0.1:${fake.server.address().port}`;
  return fake;
}

class Fake {
  constructor(tls) {
    /** Calls of the Jobs API: `{method, path, query, body, authorization}`. */
    this.calls = [];
    this.runs = new Map();
    this.tokens = new Map();
    this.faults = [];
    this.tokenRequests = 0;
    /** Calls that were carried out. */
    this.carriedOut = 0;
    this.nextRunId = 1000n;
    /** How new runs go: milliseconds until their end, or `null` for by hand. */
    this.duration = null;
    this.result = "SUCCESS";
    this.tasks = 1;
    /** Send `status` without `state`. */
    this.statusOnly = false;
    this.latency = 0;
    /** What is known of jobs, by id. */
    this.jobs = new Map();
    const serve = (request, response) => this.#serve(request, response);
    this.server = tls ? createSecureServer(tls, serve) : createServer(serve);
    this.server.keepAliveTimeout = 60_000;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Forgets runs, calls and what was asked for. */
  reset() {
    Object.assign(this, { calls: [], faults: [], duration: null, result: "SUCCESS", tasks: 1, statusOnly: false, latency: 0 });
    this.runs.clear();
    this.tokens.clear();
  }

  /** Does something wrong with the next calls of a path: `{path, status, headers, body, reset, hang, after, times}`. */
  fault(fault) {
    this.faults.push({ times: 1, ...fault });
  }

  count(path) {
    return this.calls.filter((call) => call.path.endsWith(path)).length;
  }

  /** A run that was not started by anybody here. */
  add(jobId, facts = {}) {
    const id = facts.id ?? this.nextRunId++;
    const run = { id: BigInt(id), jobId: BigInt(jobId), start: Date.now(), end: null, result: null, params: {}, tasks: this.tasks, repairs: [], ...facts };
    this.runs.set(String(run.id), run);
    return run;
  }

  /** Ends a run. */
  finish(id, result = "SUCCESS") {
    Object.assign(this.runs.get(String(id)), { end: Date.now(), result });
  }

  #now(run) {
    if (run.result === null && run.duration !== undefined && run.duration !== null && Date.now() - run.start >= run.duration) {
      Object.assign(run, { end: run.start + run.duration, result: run.wanted ?? "SUCCESS" });
    }
    return run;
  }

  /** Ends every run, also those that are still to begin, until a promise is kept. */
  async finishAllUntil(promise) {
    const finish = () => [...this.runs.values()].filter(({ result }) => result === null).forEach(({ id }) => this.finish(id));
    const timer = setInterval(finish, 10);
    try {
      return await promise;
    } finally {
      clearInterval(timer);
    }
  }

  /** A run as JSON text: ids are written as they are, beyond 2^53 too. */
  document(run, token) {
    this.#now(run);
    const pages = Math.ceil(run.tasks / 100);
    const page = token ? Number(token) : 0;
    const state = this.#state(run);
    const tasks = [];
    for (let n = page * 100; n < Math.min(run.tasks, page * 100 + 100); n += 1) {
      const taskState = this.#state(run);
      tasks.push(`{"run_id":${run.id * 1000n + BigInt(n)},"task_key":"task_${n}","attempt_number":0,"start_time":${run.start},"end_time":${run.end ?? 0},${taskState}}`);
    }
    const next = page + 1 < pages ? `,"next_page_token":"${page + 1}"` : "";
    const history = run.repairs.length > 0 ? `,"repair_history":[${run.repairs.map((id) => `{"type":"REPAIR","id":${id}}`).join(",")}]` : "";
    return `{"run_id":${run.id},"job_id":${run.jobIdText ?? run.jobId},"number_in_job":${run.id},"run_name":"run","run_page_url":"${this.host}/#run/${run.id}","start_time":${run.start},"end_time":${run.end ?? 0},"tasks":[${tasks}]${history}${next},${state}}`;
  }

  #state(run) {
    const over = run.result !== null;
    const life = run.life ?? (over ? (run.result === "SUCCESS" ? "TERMINATED" : "INTERNAL_ERROR") : "RUNNING");
    const state = `"state":{"life_cycle_state":"${life}"${over ? `,"result_state":"${run.result}"` : ""},"state_message":""}`;
    const code = { SUCCESS: "SUCCESS", CANCELED: "USER_CANCELED" }[run.result] ?? "RUN_EXECUTION_ERROR";
    const details = over ? `,"termination_details":{"code":"${code}","type":"SUCCESS","message":""}` : "";
    const status = `"status":{"state":"${over ? "TERMINATED" : life}"${details}}`;
    return this.statusOnly ? status : `${state},${status}`;
  }

  async #serve(request, response) {
    const url = new URL(request.url, this.host);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const json = (status, body, headers = {}) => {
      response.writeHead(status, { "content-type": "application/json", "x-databricks-org-id": ORG, ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    };
    if (url.pathname.endsWith("/scim/v2/Me")) return json(200, { id: "42", userName: "app" });
    if (url.pathname === "/telemetry-ext") return json(200, {});
    if (url.pathname.startsWith("/oidc/")) return this.#oidc(url, json);
    const path = url.pathname.replace(/^\/api\/2\.\d\/jobs/, "");
    const call = { at: Date.now(), method: request.method, path, query: url.searchParams, text, body: undefined, authorization: request.headers.authorization };
    call.body = text === "" ? undefined : JSON.parse(text);
    this.calls.push(call);
    if (this.latency > 0) await new Promise((resolve) => setTimeout(resolve, this.latency));
    const fault = this.#takeFault(path);
    if (fault && !fault.after) return this.#fail(fault, request, json);
    const [status, body] = this.#answer(call);
    this.carriedOut += 1;
    if (fault) return this.#fail(fault, request, json);
    json(status, body);
  }

  #takeFault(path) {
    const fault = this.faults.find((fault) => path === fault.path || fault.path === undefined);
    if (fault && --fault.times === 0) this.faults.splice(this.faults.indexOf(fault), 1);
    return fault;
  }

  #fail(fault, request, json) {
    if (fault.reset) return request.socket.destroy();
    if (fault.hang) return undefined;
    json(fault.status ?? 500, fault.body ?? { error_code: "X", message: fault.message ?? "secret text of the workspace" }, fault.headers);
  }

  #oidc(url, json) {
    if (url.pathname.includes(".well-known")) {
      return json(200, { authorization_endpoint: `${this.host}/oidc/v1/authorize`, token_endpoint: `${this.host}/oidc/v1/token` });
    }
    this.tokenRequests += 1;
    setTimeout(() => json(200, { access_token: `m2m-${this.tokenRequests}`, token_type: "Bearer", expires_in: this.tokenLife ?? 3600 }), 20);
  }

  #answer({ method, path, query, body, text }) {
    const missing = (id) => [404, { error_code: "RESOURCE_DOES_NOT_EXIST", message: `Run ${id} does not exist.` }];
    const asked = query.get("run_id") ?? /"run_id":\s*"?(\d+)/.exec(text)?.[1];
    const run = this.runs.get(String(asked));
    switch (`${method} ${path}`) {
      case "POST /run-now": {
        const job = /"job_id":\s*(\d+)/.exec(text)?.[1];
        if (job === undefined) return [400, { error_code: "INVALID_PARAMETER_VALUE", message: "job_id is no id" }];
        const token = body.idempotency_token;
        const known = token && this.tokens.get(token);
        const started = known ?? this.add(job, { duration: this.duration, wanted: this.result, body });
        if (token) this.tokens.set(token, started);
        return [200, `{"run_id":${started.id},"number_in_job":${started.id}}`];
      }
      case "GET /runs/get":
        return run ? [200, this.document(run, query.get("page_token"))] : missing(asked);
      case "GET /runs/list":
        return [200, this.#list(query)];
      case "GET /runs/get-output":
        return this.#output(asked);
      case "POST /runs/cancel":
        if (!run) return missing(asked);
        if (run.result === null) this.finish(run.id, "CANCELED");
        return [200, {}];
      case "POST /runs/repair":
        if (!run) return missing(asked);
        run.repairs.push(run.repairs.length + 1);
        Object.assign(run, { end: null, result: null, start: Date.now(), duration: this.duration });
        return [200, { repair_id: run.repairs.length }];
      case "GET /get":
        return [200, this.jobs.get(query.get("job_id")) ?? { job_id: Number(query.get("job_id")), settings: { name: "job", tasks: [] } }];
      default:
        return [404, { error_code: "ENDPOINT_NOT_FOUND", message: path }];
    }
  }

  #output(asked) {
    const task = BigInt(asked);
    const run = this.runs.get(String(task / 1000n));
    if (run && task % 1000n < BigInt(run.tasks)) return [200, { notebook_output: { result: `output of ${asked}` } }];
    const own = this.runs.get(String(asked));
    if (own?.tasks === 1 && own.single) return [200, { notebook_output: { result: "single" } }];
    if (own) return [400, { error_code: "INVALID_PARAMETER_VALUE", message: "Retrieving the output of runs with multiple tasks is not supported." }];
    return [404, { error_code: "RESOURCE_DOES_NOT_EXIST", message: `Run ${asked} does not exist.` }];
  }

  #list(query) {
    const limit = Math.min(Number(query.get("limit") ?? 20) || 25, this.pageMax ?? 25);
    const from = Number(query.get("page_token") ?? 0);
    const active = query.get("active_only") === "true";
    const done = query.get("completed_only") === "true";
    const job = query.has("job_id") ? BigInt(query.get("job_id")) : null;
    const [first, last] = [query.get("start_time_from"), query.get("start_time_to")].map((time) => (time === null ? null : Number(time)));
    const all = [...this.runs.values()].reverse().filter((run) => {
      const over = this.#now(run).result !== null;
      return (job === null || run.jobId === job) && (first === null || run.start >= first) && (last === null || run.start <= last) && !(active && over) && !(done && !over);
    });
    const page = all.slice(from, from + limit);
    const next = from + limit < all.length ? `,"next_page_token":"${from + limit}","has_more":true` : ',"has_more":false';
    return `{"runs":[${page.map((run) => this.document(run))}]${next}}`;
  }
}
