// Where to connect to and as whom: the options of `Jobs`, and the callbacks of the caller as the addon calls them.

import type native from "../native/index.cjs";
import { addon } from "./addon.js";
import { calling, invalidArgument, keepCause } from "./errors.js";
import { idText, textOf } from "./json.js";
import { ParamSchema } from "./params.js";
import type { IdLike } from "./types.js";

/** What the parameters of a job are for: they decide which fields of the request they become. */
export type TaskType =
  | "notebook"
  | "python_wheel"
  | "python_script"
  | "spark_jar"
  | "sql"
  | "dbt"
  /** To `job_parameters`, whatever the job's tasks are. */
  | "job_parameters"
  | "pipeline"
  | "spark_submit";

/** What is known of a job beforehand. */
export interface JobConfig {
  /** Its id; without one the key is its name. */
  id?: IdLike | undefined;
  /** What its parameters are for; without it they are the fields of the run-now request. */
  taskType?: TaskType | undefined;
  /** JSON Schema of its parameters, checked before anything is sent. */
  params?: ParamSchema | object | boolean | undefined;
}

/** A request as the transport of the caller gets it, complete with host and credentials. */
export interface HttpRequest {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  /** JSON text; empty for none. */
  body: string;
  /** Used when the answer is not waited for any more. */
  signal: AbortSignal;
}

/** What a transport brings back, whatever the status. */
export interface HttpResponse {
  status: number;
  headers?: Record<string, string> | Iterable<readonly [string, string]> | undefined;
  body?: string | Uint8Array | undefined;
}

/** Gives the `Authorization` header for the next request, alone or among others. With `refresh` the last one was refused. */
export type Authenticate = (asked: {
  refresh: boolean;
}) => string | Record<string, string> | Headers | Promise<string | Record<string, string> | Headers>;

/** Where to connect to, and as whom. */
export interface JobsOptions {
  /** `https://….cloud.databricks.com`, or `http://127.0.0.1:8080`. */
  host?: string | undefined;
  /** Personal access token. */
  token?: string | undefined;
  /** Application id of a service principal. */
  clientId?: string | undefined;
  /** Its OAuth secret. */
  clientSecret?: string | undefined;
  /** Name of a profile of `~/.databrickscfg`. */
  profile?: string | undefined;
  /** To choose when several credentials are set: `pat`, `oauth-m2m`, … */
  authType?: string | undefined;
  /** A credential of the caller's, asked for each request. */
  authenticate?: Authenticate | undefined;
  /** Sends in the place of the built-in HTTP client. Retries, waiting and limits stay as they are. */
  transport?: ((request: HttpRequest) => Promise<HttpResponse>) | undefined;
  /** Products that the user agent names beside this package: `my-app/1.2`. */
  userAgent?: string | undefined;
  /** `false`: every read asks the host. By default what may change is kept for a second, ended runs for minutes, and own writes are seen at once. */
  cache?: boolean | undefined;
  /** Tries after faults that may pass go on for so many milliseconds; five minutes without it, 0 for no second try. */
  retryBudgetMs?: number | undefined;
  /** Calls a second, those of all waits included; 0 for no limit. 15 for a workspace without it. */
  requestsPerSecond?: number | undefined;
  /** Jobs under keys of the caller's. */
  jobs?: Record<string, JobConfig> | undefined;
  /** `false`: nothing is taken from `DATABRICKS_…` variables and the profile file. */
  discover?: boolean | undefined;
}

/** The client for these options; throws for options that make no sense. */
export function connect(options: JobsOptions): native.Client {
  const { jobs = {}, authenticate, transport, discover = true, ...given } = options;
  const schemas: [string, native.Schema][] = [];
  const configured: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, { id, taskType, params }] of Object.entries(jobs)) {
    configured[key] = { id: id === undefined ? undefined : idText(id, `jobs.${key}.id`, "configure"), taskType };
    if (params !== undefined) {
      schemas.push([key, ParamSchema.handleOf(params)]);
    }
  }
  const known = [
    ...["host", "token", "clientId", "clientSecret", "profile", "authType"],
    ...["userAgent", "cache", "retryBudgetMs", "requestsPerSecond"],
  ];
  const unknown = Object.keys(given).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    const all = [...known, "authenticate", "transport", "jobs", "discover"].join(", ");
    throw invalidArgument("configure", `${unknown.map((key) => JSON.stringify(key)).join(", ")} is no option; options are ${all}`);
  }
  const settings = textOf({ ...given, discover, jobs: configured }, "configure", "INVALID_ARGUMENT");
  return calling(
    () => new (addon().Client)(settings, schemas, authenticate && credentials(authenticate), transport && sending(transport)),
  );
}

/** The callback for the addon: it never throws, but tells what went wrong. */
export function credentials(authenticate: Authenticate): native.Credentials {
  return async (asked) => {
    try {
      const given = await authenticate(JSON.parse(asked) as { refresh: boolean });
      return JSON.stringify(headersGiven(given));
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      return JSON.stringify({ error, cause: keepCause(thrown) });
    }
  };
}

function headersGiven(given: string | Record<string, string> | Headers): { authorization?: string; headers?: Record<string, string> } {
  if (typeof given === "string") return { authorization: given };
  if (typeof given !== "object" || given === null) return {};
  const entries = given instanceof Headers ? [...given] : Object.entries(given);
  return { headers: Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value])) };
}

/** The transport for the addon: it never throws, but tells a fault. */
function sending(transport: (request: HttpRequest) => Promise<HttpResponse>): native.Send {
  return async ({ method, url, headers, body, timeoutMs }) => {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const request = { method: method as "GET" | "POST", url, headers: Object.fromEntries(headers), body, signal };
      const answer = await transport(request);
      return {
        status: Number(answer.status),
        headers: headersOf(answer.headers),
        body: typeof answer.body === "string" ? Buffer.from(answer.body) : Buffer.from(answer.body ?? new Uint8Array()),
      };
    } catch (thrown) {
      return { status: 0, headers: [], body: Buffer.alloc(0), ...faultOf(thrown), cause: keepCause(thrown) };
    }
  };
}

function headersOf(headers: HttpResponse["headers"]): string[][] {
  if (headers === undefined) return [];
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return entries.map(([name, value]) => [name, String(value)]);
}

/** Which kind of fault an exception of a transport is, by the codes that Node.js gives. */
function faultOf(thrown: unknown): { fault: string; detail: string } {
  const chain = [thrown, (thrown as { cause?: unknown } | null)?.cause];
  const codes = chain.map((error) => (error as { code?: unknown } | null | undefined)?.code);
  const names = chain.map((error) => (error as { name?: unknown } | null | undefined)?.name);
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  if (codes.some((code) => code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EHOSTUNREACH")) {
    return { fault: "connect", detail };
  }
  if (names.includes("TimeoutError") || codes.includes("ETIMEDOUT")) return { fault: "timeout", detail };
  return { fault: "broken", detail };
}
