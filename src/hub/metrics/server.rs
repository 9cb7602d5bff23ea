//! The port the figures are read from: HTTP/1.1, `GET /metrics`, nothing else.
//!
//! A thread with a small runtime of its own, so that a scraper that hangs holds up nobody.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

use super::catalogue::RUN_DURATION;
use super::record;
use crate::config::Config;
use crate::failure::HubError;

/// Bounds of run durations, in seconds: from a diff of a quiet day to a full of a great city.
const DURATION_BOUNDS: [f64; 10] = [1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0];
/// Readers served at a time; more wait.
const MOST_READERS: usize = 8;
/// What one reader may take, from the first byte to the last.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);
/// Observations are folded this often, read or not, so that memory does not grow with runs.
const UPKEEP: Duration = Duration::from_secs(30);

/// The figures of this process: there is one scheduler in it.
static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();

/// An open port; closed with the value.
#[derive(Debug)]
pub struct MetricsServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Opens the port that `[metrics]` declares; `None` where it declares none. From then on the functions of
/// [`record`] count.
pub fn start(config: &Config) -> Result<Option<MetricsServer>, HubError> {
    let Some(metrics) = config.metrics else { return Ok(None) };
    let failed = |source| HubError::MetricsPort { address: metrics.listen, source };
    let figures = figures().map_err(failed)?;
    let listener = TcpListener::bind(metrics.listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("renkei-metrics".to_owned())
        .spawn(move || runtime.block_on(serve(listener, figures, stopped)))
        .map_err(failed)?;
    tracing::info!(%address, "figures can be read");
    Ok(Some(MetricsServer { address, stop: Some(stop), thread: Some(thread) }))
}

impl MetricsServer {
    /// Where it listens, with the port the system chose for 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        // The other end is gone only if the thread is.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The process's figures, begun once: a port opened anew after a reload goes on with them.
fn figures() -> std::io::Result<PrometheusHandle> {
    if let Some(figures) = FIGURES.get() {
        return Ok(figures.clone());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(RUN_DURATION.to_owned()), &DURATION_BOUNDS)
        .map_err(std::io::Error::other)?
        .build_recorder();
    let figures = FIGURES.get_or_init(|| recorder.handle()).clone();
    if metrics::set_global_recorder(recorder).is_ok() {
        record::begin();
    }
    Ok(figures)
}

async fn serve(listener: TcpListener, figures: PrometheusHandle, mut stopped: oneshot::Receiver<()>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "figures cannot be read");
            return;
        }
    };
    let places = Arc::new(Semaphore::new(MOST_READERS));
    let mut upkeep = tokio::time::interval(UPKEEP);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            next = next => next,
            _ = upkeep.tick() => {
                figures.run_upkeep();
                continue;
            }
            _ = &mut stopped => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let figures = figures.clone();
                tokio::spawn(async move {
                    // A reader that breaks off or takes too long has only itself to tell.
                    let _ = tokio::time::timeout(LONGEST_ANSWER, answer_one(stream, figures)).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: time may bring some back.
                tracing::warn!(%error, "a reader of figures could not be let in");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer_one(stream: TcpStream, figures: PrometheusHandle) -> Result<(), hyper::Error> {
    let service = service_fn(move |request| {
        let answer = answer(&request, &figures);
        async move { Ok::<_, Infallible>(answer) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(LONGEST_ANSWER)
        .keep_alive(false)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

fn answer(request: &Request<Incoming>, figures: &PrometheusHandle) -> Response<Full<Bytes>> {
    let (status, text) = match (request.uri().path(), request.method()) {
        ("/metrics", &Method::GET | &Method::HEAD) => (StatusCode::OK, figures.render()),
        ("/metrics", _) => (StatusCode::METHOD_NOT_ALLOWED, "GET only\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "the figures are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let plain = hyper::header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
    }
    response
}
