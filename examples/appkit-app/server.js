// An AppKit app with one job. The only line that differs from an app with AppKit's own plugin is the import of `jobs`.

import { createApp, server } from "@databricks/appkit";
import { jobs } from "lakeflow-jobs/appkit";
import { z } from "zod";

/** What a run of the job may be given; the page reads it as JSON Schema from `/api/jobs/report/schema`. */
const params = z.object({
  region: z.enum(["east", "north", "south", "west"]).default("east"),
  fail_in: z.enum(["nothing", "load", "publish"]).default("nothing"),
});

const folder = new URL("app", import.meta.url).pathname;
const port = Number(process.env.DATABRICKS_APP_PORT ?? 8000);
await createApp({
  plugins: [
    server({ port, host: "127.0.0.1", staticPath: folder }),
    jobs({ jobs: { report: { taskType: "job_parameters", params } } }),
  ],
});
