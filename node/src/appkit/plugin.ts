// The `jobs` plugin: the same name, configuration, handles, routes and resources as AppKit's own, over the core of this package.

import { Plugin, toPlugin, type IAppRouter, type PluginManifest } from "@databricks/appkit";
import { checkOf, type Registry } from "./config.js";
import { AppGateway } from "./gateway.js";
import { createJobAPI, requirements, type Host } from "./handle.js";
import { Identities, type Identity } from "./identity.js";
import { refuse, routes, serve, type RouteHost } from "./routes.js";
import { JobsTelemetry } from "./telemetry.js";
import { agentTools, executeTool, toolkit, type AgentTool, type ToolkitEntry, type ToolkitOptions } from "./tools.js";
import type { JobsAPI, JobsConfig, JobsExport, RequestLike } from "./types.js";

const DEFAULT_POLL_INTERVAL_MS = 5000;

const manifest = {
  name: "jobs",
  displayName: "Jobs Plugin",
  description: "Run and follow Databricks Lakeflow Jobs.",
  resources: {
    required: [],
    // Which job is needed depends on the configuration: `getResourceRequirements` says it.
    optional: [
      {
        type: "job" as never,
        alias: "Job",
        resourceKey: "job",
        description: "A Databricks job to trigger and monitor",
        permission: "CAN_MANAGE_RUN" as never,
        fields: { id: { env: "DATABRICKS_JOB_ID", description: "Numeric id of the job, when the app has one job" } },
      },
    ],
  },
  config: {
    schema: {
      type: "object",
      properties: {
        timeout: { type: "number", description: "Limit of one operation in milliseconds; 30 s for reads and 120 s for writes" },
        pollIntervalMs: { type: "number", default: DEFAULT_POLL_INTERVAL_MS, description: "Shortest distance of polls in milliseconds" },
      },
    },
  },
} satisfies PluginManifest<"jobs">;

/** The plugin. */
export class JobsPlugin extends Plugin<JobsConfig> {
  static manifest: PluginManifest<"jobs"> = manifest;

  readonly #gateway: AppGateway;
  readonly #registry: Registry;
  readonly #identities: Identities;
  /** Methods that were made, which callers are given copies of: an app asks for its jobs with every call. */
  readonly #made = new WeakMap<Identity, Map<string, JobsAPI>>();
  #telemetry: JobsTelemetry | undefined;
  /** The app's own identity; there is none outside an app. */
  #app: Identity | undefined;

  /** What the platform has to provide: the id of each job that the environment or the configuration names. */
  static getResourceRequirements(config: JobsConfig): ReturnType<typeof requirements> {
    return requirements(config);
  }

  constructor(config: JobsConfig) {
    super(config);
    this.#gateway = new AppGateway({ ...config, name: this.name });
    this.#registry = this.#gateway.registry();
    this.#identities = new Identities(config);
  }

  override async setup(): Promise<void> {
    const keys = this.#registry.jobs.map(({ key }) => key);
    this.#log(`${keys.length} job(s): ${keys.join(", ")}`);
    for (const { variable, message } of this.#registry.ignored) this.#warn(`${variable} is not used: ${message}`);
    for (const { id, name, withoutId } of this.#registry.jobs) {
      if (id === null && name === null) this.#warn(withoutId);
    }
    if (this.config.toolsRunAs === "app") this.#app = this.#identities.current();
    // Bodies that AppKit's server cannot parse are answered like others, and not with a page that shows its files.
    this.context?.addMiddleware?.(`/api/${this.name}`, this.#malformed as never);
  }

  override injectRoutes(router: IAppRouter): void {
    const host = this.#routeHost();
    for (const route of routes()) {
      this.route(router, { ...route, handler: (request, response) => serve(host, route, request as never, response as never) });
    }
  }

  /** The routes that start runs and take notifications read their bodies themselves, to the last digit. */
  override getSkipBodyParsingPaths(): ReadonlySet<string> {
    const base = `/api/${this.name}`;
    const paths = this.#registry.jobs.flatMap(({ key }) => [`${base}/${key}/run`, `${base}/${encodeURIComponent(key)}/run`]);
    return new Set([...super.getSkipBodyParsingPaths(), ...paths, `${base}/webhook`]);
  }

  override abortActiveOperations(): void {
    super.abortActiveOperations();
    this.#gateway.closeAll();
  }

  /** The methods of a job for the identity of the scope that this is called in. */
  protected createJobAPI(jobKey: string): JobsAPI {
    return { ...this.#shared(jobKey) };
  }

  #shared(jobKey: string): JobsAPI {
    const identity = this.#identities.current();
    let made = this.#made.get(identity);
    if (!made) this.#made.set(identity, (made = new Map()));
    let api = made.get(jobKey);
    if (!api) made.set(jobKey, (api = createJobAPI(this.#host(), jobKey, identity)));
    return api;
  }

  override exports(): JobsExport {
    return (jobKey) => {
      const api = this.#shared(this.#known(jobKey));
      const asUser = (request: RequestLike): JobsAPI => {
        const user = this.asUser(request as never) as unknown as { createJobAPI(key: string): JobsAPI };
        return user.createJobAPI(jobKey);
      };
      return { ...api, asUser };
    };
  }

  override clientConfig(): Record<string, unknown> {
    return this.#registry.clientConfig;
  }

  /** The jobs with where their ids come from, and every variable that was left aside, with the reason. */
  diagnostics(): Pick<Registry, "jobs" | "ignored"> {
    const { jobs, ignored } = this.#registry;
    return { jobs, ignored };
  }

  /** Tools for AppKit's agents. */
  getAgentTools(): AgentTool[] {
    return agentTools(this.#registry);
  }

  /** The tools for one agent: `tools: (plugins) => ({ ...plugins.jobs.toolkit({ only: ["etl.run"] }) })`. */
  toolkit(options?: ToolkitOptions): Record<string, ToolkitEntry> {
    return toolkit(this.name, this.getAgentTools(), options);
  }

  /** Carries out one of `getAgentTools`: as the user whom the agent works for, or as the app with `toolsRunAs: "app"`. */
  async executeAgentTool(name: string, args: unknown, signal?: AbortSignal): Promise<unknown> {
    const app = this.config.toolsRunAs === "app" ? this.#app : undefined;
    const api = (key: string): JobsAPI => (app ? createJobAPI(this.#host(), this.#known(key), app) : this.exports()(key));
    return executeTool(api, name, args, signal);
  }

  /** A key that is there, of a job that can be found. */
  #known(jobKey: string): string {
    const known = this.#registry.jobs.find(({ key }) => key === jobKey);
    if (!known) throw new Error(this.#gateway.unknown(jobKey));
    if (known.id === null && known.name === null) throw new Error(known.withoutId);
    return jobKey;
  }

  #host(): Host {
    const config = this.config;
    return {
      gateway: this.#gateway,
      telemetry: this.#measure(),
      pollIntervalMs: config.pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS,
      repeatUpdates: config.compat?.repeatUpdates ?? false,
      check: (key) => checkOf(config, key),
    };
  }

  #routeHost(): RouteHost {
    const { compat } = this.config;
    return {
      name: this.name,
      gateway: this.#gateway,
      telemetry: this.#measure(),
      noStartedEvent: compat?.noStartedEvent ?? false,
      ignoreOtherBodies: compat?.ignoreOtherBodies ?? false,
      plainErrors: compat?.plainErrors ?? false,
      identity: (): Identity => this.#identities.current(),
      log: (message) => this.#warn(message),
    };
  }

  #measure(): JobsTelemetry {
    this.#telemetry ??= new JobsTelemetry(this.telemetry, this.name);
    return this.#telemetry;
  }

  #malformed = (error: { type?: string; status?: number }, _request: unknown, response: never, next: (error: unknown) => void): void => {
    const host = { name: this.name, plainErrors: this.config.compat?.plainErrors ?? false };
    if (error?.type === "entity.parse.failed") return refuse(host, response, 400, "The body is not valid JSON", "MALFORMED");
    if (error?.type === "entity.too.large") return refuse(host, response, 413, "Payload Too Large", "LIMIT_EXCEEDED");
    next(error);
  };

  #log(message: string): void {
    console.info(`[lakeflow:${this.name}] ${message}`);
  }

  #warn(message: string): void {
    console.warn(`[lakeflow:${this.name}] ${message}`);
  }
}

/**
 * The Jobs plugin of an AppKit app, in place of AppKit's own: `createApp({ plugins: [server(), jobs()] })`, then
 * `app.jobs("etl").runNow()`.
 */
export const jobs = toPlugin(JobsPlugin);
