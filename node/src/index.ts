// The package `lakeflow-jobs` for Node.js: what a user imports. Decides nothing; the rules are in the addon.

export type { Authenticate, HttpRequest, HttpResponse, JobConfig, JobsOptions, TaskType } from "./connect.js";
export { LocalEngine, type DeployedJob, type LocalEngineOptions } from "./engine.js";
export { LakeflowError, RunFailedError, type ErrorCode, type Problem } from "./errors.js";
export {
  Job,
  Jobs,
  type JobDocument,
  type ListRunsOptions,
  type RepairOptions,
  type RunOutput,
  type TaskOutput,
} from "./jobs.js";
export { ParamSchema, type Violation } from "./params.js";
export {
  callRule,
  mapParams,
  nextFireTimes,
  readState,
  resolveReferences,
  simulate,
  validateJob,
  type Fire,
  type FireOptions,
  type Unresolved,
} from "./rules.js";
export { Run, TaskRun } from "./run.js";
export type { CallOptions, Fields, Id, IdLike, Progress, TaskChange, TaskFailure, Verdict } from "./types.js";
export { RunWait, type RunEnd, type RunUpdate, type WaitOptions } from "./wait.js";
