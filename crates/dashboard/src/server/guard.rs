//! Who may look: requests that mean this server, from this page or from no page, with the token where there is one.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, LOCATION, ORIGIN,
    REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

/// Nothing but what this server gives; no inline program or looks, nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data: blob:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a request must show.
#[derive(Debug)]
pub(super) struct Guard {
    address: SocketAddr,
    token: Option<String>,
    names: Vec<String>,
}

impl Guard {
    pub(super) fn new(address: SocketAddr, token: Option<String>, names: Vec<String>) -> Self {
        Self {
            address,
            token,
            names,
        }
    }

    /// Whether `host` is a name of this server. Another one means that somebody's domain was made to point here, so that
    /// their page might read ours. An address cannot be made to.
    fn is_ours(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !name.is_empty() && !port.ends_with(']') => (name, port),
            _ => (host, "80"),
        };
        if port.parse() != Ok(self.address.port()) {
            return false;
        }
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return address.is_loopback() || !self.address.ip().is_loopback();
        }
        bare.eq_ignore_ascii_case("localhost")
            || self
                .names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(bare))
    }

    /// Compares without telling by its time how much is right.
    fn knows(&self, given: &str) -> bool {
        let token = self.token.as_deref().unwrap_or_default();
        bool::from(token.as_bytes().ct_eq(given.as_bytes()))
    }

    fn cookie(&self) -> String {
        format!("finetooth-{}", self.address.port())
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        if self.token.is_none() {
            return true;
        }
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
        let name = self.cookie();
        let cookies = headers.get_all(COOKIE).iter();
        let cookies = cookies.filter_map(|value| value.to_str().ok());
        let mut cookies = cookies.flat_map(|line| line.split(';'));
        let cookie = cookies.find_map(|pair| pair.trim().strip_prefix(&name)?.strip_prefix('='));
        bearer.or(cookie).is_some_and(|given| self.knows(given))
    }
}

/// Whether a page that is not ours asks: browsers tell so.
fn is_foreign(headers: &HeaderMap) -> bool {
    let origin = headers.get(ORIGIN).map(HeaderValue::as_bytes);
    let own = headers.get(HOST).and_then(|host| host.to_str().ok());
    let own = own.map(|host| format!("http://{host}"));
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    origin.is_some_and(|origin| Some(origin) != own.as_deref().map(str::as_bytes))
        || matches!(site, Some(b"cross-site" | b"same-site"))
            && headers.get("sec-fetch-mode").map(HeaderValue::as_bytes) != Some(b"navigate")
}

/// Refuses who may not look, and gives every answer the headers that keep a browser strict.
pub(super) async fn check(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let mut answer = if !host.is_some_and(|host| guard.is_ours(host)) {
        let told = "this is not a name of this server: use the address that finetooth printed\n";
        (StatusCode::FORBIDDEN, told).into_response()
    } else if is_foreign(headers) {
        let told = "another site's page may not look here\n";
        (StatusCode::FORBIDDEN, told).into_response()
    } else if !matches!(*request.method(), Method::GET | Method::HEAD) {
        (
            StatusCode::METHOD_NOT_ALLOWED,
            "there is only looking here\n",
        )
            .into_response()
    } else if let Some(given) = token_in_address(&request) {
        // The token moves into a cookie, so that it stays neither in the address nor in the history.
        if guard.token.is_some() && guard.knows(&given) {
            let cookie = format!(
                "{}={given}; Path=/; HttpOnly; SameSite=Strict",
                guard.cookie()
            );
            let moved = [(LOCATION, "/".to_owned()), (SET_COOKIE, cookie)];
            (StatusCode::SEE_OTHER, moved).into_response()
        } else if guard.token.is_none() {
            (StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response()
        } else {
            refused()
        }
    } else if guard.has_token(headers) {
        next.run(request).await
    } else {
        refused()
    };
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}

fn refused() -> Response {
    let told = "the token is missing or wrong: use the whole address that finetooth printed\n";
    (StatusCode::UNAUTHORIZED, told).into_response()
}

/// The token in the address of the page itself; tokens hold nothing that an address must write otherwise.
fn token_in_address(request: &Request) -> Option<String> {
    if request.uri().path() != "/" {
        return None;
    }
    let mut pairs = request.uri().query()?.split('&');
    pairs.find_map(|pair| pair.strip_prefix("token=").map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::{Guard, is_foreign};

    #[track_caller]
    fn check(listening_on: &str, host: &str, expected: bool) {
        let names = vec!["lab-pc".to_owned()];
        let guard = Guard::new(listening_on.parse().unwrap(), None, names);
        assert_eq!(guard.is_ours(host), expected, "{host}");
    }

    #[test]
    fn only_names_and_addresses_of_this_server_are_ours() {
        check("127.0.0.1:8711", "127.0.0.1:8711", true);
        check("127.0.0.1:8711", "localhost:8711", true);
        check("127.0.0.1:8711", "LOCALHOST:8711", true);
        check("127.0.0.1:8711", "[::1]:8711", true);
        check("127.0.0.1:8711", "lab-pc:8711", true);
        check("127.0.0.1:8711", "127.0.0.1:8712", false);
        check("127.0.0.1:8711", "127.0.0.1", false);
        check("127.0.0.1:80", "127.0.0.1", true);
        check("127.0.0.1:8711", "evil.example:8711", false);
        check("127.0.0.1:8711", "127.0.0.1.evil.example:8711", false);
        check("127.0.0.1:8711", "10.1.2.3:8711", false);
        check("127.0.0.1:8711", "", false);
        check("0.0.0.0:8711", "10.1.2.3:8711", true);
        check("0.0.0.0:8711", "evil.example:8711", false);
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_page_of_another_origin_is_foreign() {
        let host = ("host", "127.0.0.1:8711");
        let foreign = |more: &[(&'static str, &str)]| {
            let all: Vec<(&'static str, &str)> = [host].iter().chain(more).copied().collect();
            is_foreign(&headers(&all))
        };
        assert!(!foreign(&[]));
        assert!(!foreign(&[("origin", "http://127.0.0.1:8711")]));
        assert!(foreign(&[("origin", "http://evil.example")]));
        assert!(foreign(&[("origin", "null")]));
        assert!(foreign(&[("origin", "https://127.0.0.1:8711")]));
        assert!(foreign(&[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "no-cors")
        ]));
        // a link from elsewhere may be followed
        assert!(!foreign(&[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate")
        ]));
    }

    #[test]
    fn a_token_is_known_as_bearer_and_cookie_and_by_the_whole_of_it() {
        let address = "127.0.0.1:8711".parse().unwrap();
        let guard = Guard::new(address, Some("secret".to_owned()), Vec::new());
        let has = |name: &'static str, value: &str| guard.has_token(&headers(&[(name, value)]));
        assert!(!guard.has_token(&HeaderMap::new()));
        assert!(has("authorization", "Bearer secret"));
        assert!(has("cookie", "a=b; finetooth-8711=secret"));
        for wrong in ["", "secre", "secrets", "SECRET"] {
            assert!(!has("authorization", &format!("Bearer {wrong}")));
            assert!(!has("cookie", &format!("finetooth-8711={wrong}")));
        }
        assert!(!has("cookie", "finetooth-8712=secret"));
    }
}
