//! What a client measures, under OpenTelemetry's names: spans through `tracing`, numbers through one small trait.
//!
//! Without a subscriber a span is one comparison, and without [`Metrics`] a number is none. A trait stands where the
//! OpenTelemetry library could: its versions move in lock step, and a host in Python or JavaScript brings its own.

use lakeflow_core::api::{Request, Response};
use lakeflow_core::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::{Instrument, Span, field};
use url::Url;

use crate::transport::Fault;
use futures::future::BoxFuture;

/// What a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// `http.client.request.duration`: a histogram of the seconds that an exchange took, with or without an answer.
    RequestDuration,
    /// `lakeflow.client.retries`: a counter of tries that failed and were followed by another.
    Retries,
    /// `lakeflow.wait.duration`: a histogram of the seconds from the beginning of a wait to its end.
    WaitDuration,
    /// `lakeflow.wait.detection_delay`: a histogram of the seconds from the end of a run to the moment it was noticed.
    DetectionDelay,
}

impl Metric {
    /// Name of the instrument.
    pub fn name(self) -> &'static str {
        match self {
            Self::RequestDuration => "http.client.request.duration",
            Self::Retries => "lakeflow.client.retries",
            Self::WaitDuration => "lakeflow.wait.duration",
            Self::DetectionDelay => "lakeflow.wait.detection_delay",
        }
    }

    /// Unit as OpenTelemetry writes it.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Retries => "{retry}",
            Self::RequestDuration | Self::WaitDuration | Self::DetectionDelay => "s",
        }
    }

    /// True for a counter; the others are histograms.
    pub fn is_counter(self) -> bool {
        self == Self::Retries
    }
}

/// Takes measurements, for example into OpenTelemetry's instruments. It is called on the way of each request and must not block.
pub trait Metrics: Send + Sync + 'static {
    /// One measurement; `attributes` are names and values of OpenTelemetry's conventions, or begin with `lakeflow.`.
    fn record(&self, metric: Metric, value: f64, attributes: &[(&'static str, &str)]);
}

/// Where the measurements of one host go.
#[derive(Clone)]
pub(crate) struct Telemetry {
    metrics: Option<Arc<dyn Metrics>>,
    address: Arc<str>,
    port: Arc<str>,
}

impl Telemetry {
    pub(crate) fn new(host: &Url) -> Self {
        let port = host.port_or_known_default().map(|port| port.to_string()).unwrap_or_default();
        Self { metrics: None, address: host.host_str().unwrap_or_default().into(), port: port.into() }
    }

    pub(crate) fn with(self, metrics: Arc<dyn Metrics>) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    /// A wait has ended after this long; `late` is how long its run had been over by then.
    pub(crate) fn waited(&self, verdict: &'static str, took: Duration, late: Option<Duration>) {
        tracing::debug!(target: "lakeflow", verdict, seconds = took.as_secs_f64(), "waited");
        if let Some(metrics) = &self.metrics {
            let attributes = [("lakeflow.verdict", verdict)];
            metrics.record(Metric::WaitDuration, took.as_secs_f64(), &attributes);
            if let Some(late) = late {
                metrics.record(Metric::DetectionDelay, late.as_secs_f64(), &attributes);
            }
        }
    }

    /// A try failed and another follows.
    pub(crate) fn retry(&self, operation: &'static str, error: &Error) {
        tracing::debug!(target: "lakeflow", operation, error.r#type = error.code.as_str(), "trying again");
        if let Some(metrics) = &self.metrics {
            let attributes = [("lakeflow.operation", operation), ("error.type", error.code.as_str())];
            metrics.record(Metric::Retries, 1.0, &attributes);
        }
    }
}

/// One exchange that is measured.
pub(crate) struct Try<'a> {
    telemetry: &'a Telemetry,
    request: &'a Request,
    span: Span,
}

impl<'a> Try<'a> {
    pub(crate) fn begin(telemetry: &'a Telemetry, request: &'a Request, resend: u32) -> Self {
        let span = tracing::debug_span!(
            target: "lakeflow",
            "http.client.request",
            otel.name = request.operation,
            otel.kind = "client",
            http.request.method = request.method.as_str(),
            http.request.resend_count = resend,
            server.address = &*telemetry.address,
            server.port = &*telemetry.port,
            url.path = request.path,
            http.response.status_code = field::Empty,
            error.r#type = field::Empty,
        );
        Self { telemetry, request, span }
    }

    /// Waits for the answer and tells how it went.
    pub(crate) async fn run(
        self,
        exchange: BoxFuture<'static, Result<Response, Fault>>,
    ) -> Result<Response, Fault> {
        let began = Instant::now();
        let result = exchange.instrument(self.span.clone()).await;
        self.done(began.elapsed(), &result);
        result
    }

    fn done(&self, took: Duration, result: &Result<Response, Fault>) {
        let (status, failed) = match result {
            Ok(response) => (response.status, (response.status >= 400).then(|| response.status.to_string())),
            Err(fault) => (0, Some(fault.kind.as_str().to_owned())),
        };
        if status > 0 {
            self.span.record("http.response.status_code", status);
        }
        if let Some(failed) = &failed {
            self.span.record("error.type", failed.as_str());
        }
        let Some(metrics) = &self.telemetry.metrics else { return };
        let status = status.to_string();
        let mut attributes = vec![
            ("http.request.method", self.request.method.as_str()),
            ("server.address", &*self.telemetry.address),
            ("server.port", &*self.telemetry.port),
            ("lakeflow.operation", self.request.operation),
        ];
        if result.is_ok() {
            attributes.push(("http.response.status_code", &status));
        }
        if let Some(failed) = &failed {
            attributes.push(("error.type", failed));
        }
        metrics.record(Metric::RequestDuration, took.as_secs_f64(), &attributes);
    }
}
