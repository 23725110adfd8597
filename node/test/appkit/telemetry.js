// Collects what an app tells of its jobs by OpenTelemetry: spans with kind, attributes and status, and instruments with what was added.

import { metrics, trace } from "@opentelemetry/api";

/** Stands in for an exporter; before AppKit is loaded. */
export function collectTelemetry() {
  const spans = [];
  const measured = [];
  const begin = (scope, name, options = {}) => {
    const span = { scope, name, kind: options.kind, attributes: { ...options.attributes }, status: undefined, ended: 0 };
    spans.push(span);
    const chained = (change) => function (...given) {
      change(...given);
      return this;
    };
    return {
      setAttribute: chained((key, value) => (span.attributes[key] = value)),
      setAttributes: chained((all) => Object.assign(span.attributes, all)),
      // The first that is said is not taken back.
      setStatus: chained(({ code }) => (span.status ??= code)),
      recordException() {},
      addEvent: chained(() => {}),
      updateName: chained((name) => (span.name = name)),
      isRecording: () => true,
      end: () => (span.ended += 1),
      spanContext: () => ({ traceId: "1".repeat(32), spanId: "1".repeat(16), traceFlags: 1 }),
    };
  };
  trace.setGlobalTracerProvider({
    getTracer: (scope) => ({
      startSpan: (name, options) => begin(scope, name, options),
      startActiveSpan: (name, ...rest) => rest.at(-1)(begin(scope, name, typeof rest[0] === "object" ? rest[0] : {})),
    }),
  });
  const instrument = (scope, kind) => (name, { unit } = {}) => {
    const note = (_value, attributes) => measured.push({ scope, kind, name, unit, attributes });
    return { add: note, record: note, addCallback() {} };
  };
  const kinds = ["Counter", "Histogram", "UpDownCounter", "Gauge", "ObservableGauge", "ObservableCounter", "ObservableUpDownCounter"];
  metrics.setGlobalMeterProvider({
    getMeter: (scope) => Object.fromEntries(kinds.map((kind) => [`create${kind}`, instrument(scope, kind)])),
  });
  return { spans, measured };
}
