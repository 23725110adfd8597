// `lakeflow-jobs/appkit`: a Jobs plugin that takes the place of AppKit's own.

export { jobs } from "./plugin.js";
export { RunFailedError, WaitError } from "./wait.js";
export type {
  Compat,
  Failure,
  JobOptions as JobConfig,
  JobRunUpdate,
  JobsAPI,
  JobsAPI as JobAPI,
  JobsConfig,
  JobsConfig as IJobsConfig,
  JobsExport,
  JobsHandle,
  JobsHandle as JobHandle,
  Outcome,
  RepairOptions,
  RunId,
  RunOutcome,
  TaskOutput,
  TaskType,
  WaitOptions,
} from "./types.js";
