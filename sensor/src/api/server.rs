use core::convert::Infallible;
use core::future::Future;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::net;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

/// How many connections are open at a time.
pub const CONNECTIONS_MAX: usize = 64;
/// How long the head of a request may take to come.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(5);
/// How long a connection lives.
pub const CONNECTION_TIME_MAX: Duration = Duration::from_secs(120);
/// How many octets the head of a request has.
pub const HEAD_OCTETS_MAX: usize = 16 * 1024;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The status, as HTTP numbers it.
    pub status: u16,
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Page {
    /// Makes a page of plain text.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", body: body.into() }
    }
}

/// What is served.
pub trait Site: Send + Sync + 'static {
    /// Returns the page at a path; `None` where there is none.
    fn page(&self, path: &str) -> impl Future<Output = Option<Page>> + Send;
}

/// Opens a listening socket.
///
/// # Errors
/// What the system said.
pub fn bind(address: SocketAddr) -> io::Result<net::TcpListener> {
    let listener = net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until the task is dropped.
pub async fn serve<S: Site>(listener: TcpListener, site: Arc<S>) {
    let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // One too many is closed, which tells the client at once.
                if let Ok(permit) = Arc::clone(&free).try_acquire_owned() {
                    tokio::spawn(connection(stream, Arc::clone(&site), permit));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn connection<S: Site>(stream: TcpStream, site: Arc<S>, _permit: OwnedSemaphorePermit) {
    let service = service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(answer(&request, &*site).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME_MAX).max_buf_size(HEAD_OCTETS_MAX);
    let served = server.serve_connection(TokioIo::new(stream), service);
    // What ends a connection early is the client's affair.
    drop(timeout(CONNECTION_TIME_MAX, served).await);
}

async fn answer<S: Site>(request: &Request<Incoming>, site: &S) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = respond(Page::text(405, "only GET and HEAD are answered\n"));
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let page = site.page(request.uri().path()).await;
    respond(page.unwrap_or_else(|| Page::text(404, "there is no such page\n")))
}

fn respond(page: Page) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(page.body)));
    *response.status_mut() = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(page.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    struct Hello;

    impl Site for Hello {
        async fn page(&self, path: &str) -> Option<Page> {
            (path == "/hello").then(|| Page::text(200, "hello\n"))
        }
    }

    /// Serves on a free port while `visit` runs on another thread.
    fn visit<T: Send + 'static>(visit: impl FnOnce(SocketAddr) -> T + Send + 'static) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
            let address = listener.local_addr().unwrap();
            let serving = tokio::spawn(serve(TcpListener::from_std(listener).unwrap(), Arc::new(Hello)));
            let visited = tokio::task::spawn_blocking(move || visit(address)).await.unwrap();
            serving.abort();
            visited
        })
    }

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn pages_are_served_and_others_are_not() {
        let answers = visit(|address| {
            let head = "host: here\r\nconnection: close\r\n\r\n";
            ["GET /hello", "HEAD /hello", "GET /other", "POST /hello"]
                .map(|line| ask(address, &format!("{line} HTTP/1.1\r\n{head}")))
        });
        let statuses = answers.each_ref().map(|answer| answer.get(9..12).unwrap_or_default().to_owned());
        assert_eq!(statuses, ["200", "200", "404", "405"]);
        assert!(answers[0].ends_with("\r\n\r\nhello\n"));
        assert!(answers[1].ends_with("\r\n\r\n"));
    }

    #[test]
    fn a_head_that_is_too_long_or_too_slow_ends_the_connection() {
        let (long, slow) = visit(|address| {
            let long = ask(address, &format!("GET /hello HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(20_000)));
            (long, ask(address, "GET /hello HT"))
        });
        assert!(long.starts_with("HTTP/1.1 431"), "{long}");
        assert!(slow.is_empty() || slow.starts_with("HTTP/1.1 408"), "{slow}");
    }

    #[test]
    fn one_connection_too_many_is_closed_and_the_others_are_not() {
        let (refused, served) = visit(|address| {
            let held: Vec<_> =
                (0..CONNECTIONS_MAX).map(|_| net::TcpStream::connect(address).unwrap()).collect();
            let mut one_more = net::TcpStream::connect(address).unwrap();
            one_more.set_read_timeout(Some(Duration::from_secs(4))).unwrap();
            let refused = matches!(one_more.read(&mut [0; 16]), Ok(0) | Err(_));
            let mut first = held.into_iter().next().unwrap();
            first.write_all(b"GET /hello HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            first.read_to_string(&mut answer).unwrap();
            (refused, answer)
        });
        assert!(refused);
        assert!(served.starts_with("HTTP/1.1 200"), "{served}");
    }
}
