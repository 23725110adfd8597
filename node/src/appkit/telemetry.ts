// Spans, counters and histograms under the names that AppKit's own plugin gives them.

import { SpanStatusCode, type Counter, type Histogram, type ITelemetry, type Span } from "@databricks/appkit";
import type { Identity } from "./identity.js";

/** `SpanKind.CLIENT` of OpenTelemetry. */
const CLIENT = 2;

/** The telemetry of one plugin. */
export class JobsTelemetry {
  readonly #telemetry: ITelemetry;
  readonly #name: string;
  readonly #count: Counter;
  readonly #duration: Histogram;
  readonly #waits: Histogram;

  constructor(telemetry: ITelemetry, name: string) {
    this.#telemetry = telemetry;
    this.#name = name;
    const meter = telemetry.getMeter();
    this.#count = meter.createCounter("jobs.api_call.count", { description: "Total number of Jobs API calls", unit: "1" });
    this.#duration = meter.createHistogram("jobs.api_call.duration", {
      description: "Duration of Jobs API calls",
      unit: "ms",
    });
    this.#waits = meter.createHistogram("jobs.wait.duration", { description: "Duration of waits for runs", unit: "ms" });
  }

  /** Carries out an operation in its two spans; `isOk` says of its result whether it succeeded. The work rejects, it does not throw. */
  operation<T>(operation: string, identity: Identity, work: () => Promise<T>, isOk: (result: T) => boolean): Promise<T> {
    return this.#telemetry.startActiveSpan("plugin.execute", {}, (outer) => {
      // What nobody records has no parts.
      if (outer.isRecording?.() === false) return this.#measured(operation, [outer], work, isOk);
      outer.setAttribute("execution.context", identity.context);
      outer.setAttribute("caller.id", identity.userId);
      const options = { kind: CLIENT, attributes: { "jobs.operation": operation } };
      const call = (span: Span): Promise<T> => this.#measured(operation, [outer, span], work, isOk);
      return this.#telemetry.startActiveSpan(`jobs.${operation}`, options, call, { name: this.#name, includePrefix: true });
    });
  }

  #measured<T>(operation: string, spans: Span[], work: () => Promise<T>, isOk: (result: T) => boolean): Promise<T> {
    const started = performance.now();
    return work().then(
      (result) => {
        this.#over(operation, spans, isOk(result), started);
        return result;
      },
      (error: Error) => {
        for (const span of spans) span.recordException(error);
        this.#over(operation, spans, false, started);
        throw error;
      },
    );
  }

  #over(operation: string, spans: Span[], success: boolean, started: number): void {
    const status = { code: success ? SpanStatusCode.OK : SpanStatusCode.ERROR };
    // The inner one ends first.
    for (const span of spans.toReversed()) {
      span.setStatus(status);
      span.end();
    }
    this.called(operation, success, performance.now() - started);
  }

  /** Counts a call. */
  called(operation: string, success: boolean, duration: number): void {
    const attributes = { operation, success: String(success) };
    this.#count.add(1, attributes);
    this.#duration.record(duration, attributes);
  }

  /** Tells how long a wait took, and what came of it. */
  waited(duration: number, outcome: string): void {
    this.#waits.record(duration, { outcome });
  }
}
