use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};

use super::received::received;
use super::{Config, Metrics, text};

/// Why the metrics cannot be shown.
#[derive(Debug, Error)]
pub enum MetricsError {
    /// Anybody could read them.
    #[error(
        "[metrics] listen = \"{0}\" is no loopback address, so other machines could read it: use 127.0.0.1, or set \
         allow-remote = true if a firewall or a proxy says who may"
    )]
    Remote(SocketAddr),
    /// The address cannot be had.
    #[error("[metrics] cannot listen on {address}: {cause}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        cause: io::Error,
    },
    /// There is no thread or runtime for it.
    #[error("[metrics] cannot start: {0}")]
    Start(io::Error),
}

/// What one client may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Connections at the same time; further ones wait until one of these ends.
    pub(super) connections: usize,
    /// How long a connection may last, from its beginning to the end of the answer.
    pub(super) patience: Duration,
}

const LIMITS: Limits = Limits { connections: 16, patience: Duration::from_secs(10) };

/// The most bytes of a request's head.
const HEAD: usize = 8192;

/// An HTTP server for `/metrics`, `/healthz` and `/readyz`, on a thread of its own. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts it; `None` if the configuration asks for none.
    ///
    /// # Errors
    /// The address is not one of this machine only, or cannot be had.
    pub fn start(config: &Config, metrics: Arc<Metrics>) -> Result<Option<Self>, MetricsError> {
        Self::limited(config, metrics, LIMITS)
    }

    pub(super) fn limited(
        config: &Config,
        metrics: Arc<Metrics>,
        limits: Limits,
    ) -> Result<Option<Self>, MetricsError> {
        let Some(address) = config.listen else { return Ok(None) };
        config.check()?;
        let bind = || {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?, listener))
        };
        let (address, listener) = bind().map_err(|cause| MetricsError::Bind { address, cause })?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(MetricsError::Start)?;
        let stop = Arc::new(Notify::new());
        let (stopped, within) = (Arc::clone(&stop), Duration::from_secs(config.ready_within.into()));
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = stopped.notified() => {}
                    () = serve(listener, metrics, within, limits) => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("metrics".to_owned()).spawn(serve);
        Ok(Some(Self { address, stop, thread: Some(thread.map_err(MetricsError::Start)?) }))
    }

    /// The address and port it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: std::net::TcpListener, metrics: Arc<Metrics>, within: Duration, limits: Limits) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!("[metrics] cannot listen: {error}");
            return;
        }
    };
    let room = Arc::new(Semaphore::new(limits.connections));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let metrics = Arc::clone(&metrics);
                tokio::spawn(async move {
                    let answered =
                        tokio::time::timeout(limits.patience, answer(stream, metrics, within)).await;
                    drop(permit);
                    if answered.is_err() {
                        tracing::debug!("[metrics] a connection took longer than {:?}", limits.patience);
                    }
                });
            }
            // No more descriptors, or a connection that broke off: others may still come.
            Err(error) => {
                tracing::debug!("[metrics] cannot take a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Answers one request: a scrape comes every few seconds, and to keep a connection open for the next one would take room
/// from others.
async fn answer(stream: TcpStream, metrics: Arc<Metrics>, within: Duration) {
    let service = service_fn(move |request| {
        let response = respond(&request, &metrics, within);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(HEAD)
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!("[metrics] a connection broke off: {error}");
    }
}

fn respond(request: &Request<Incoming>, metrics: &Metrics, within: Duration) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".to_owned());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let now = Instant::now();
    match request.uri().path() {
        "/metrics" => typed(StatusCode::OK, text::CONTENT_TYPE, metrics.page(now, within, &received())),
        "/healthz" => plain(StatusCode::OK, "alive\n".to_owned()),
        "/readyz" => match metrics.ready(now, within) {
            Ok(()) => plain(StatusCode::OK, "ready\n".to_owned()),
            Err(reason) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
        },
        _ => plain(StatusCode::NOT_FOUND, "there are /metrics, /healthz and /readyz\n".to_owned()),
    }
}

fn plain(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    typed(status, "text/plain; charset=utf-8", body)
}

fn typed(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
