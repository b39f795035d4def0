//! The page and what it is made of, which are the same for every run.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse};

use super::runs::{Listed, Runs};
use crate::assets;

pub(super) async fn page() -> Html<String> {
    let head = "<link rel=\"stylesheet\" href=\"page.css\">";
    let scripts = "<script src=\"echarts.js\"></script>\n<script src=\"page.js\"></script>";
    Html(assets::page(head, scripts))
}

pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], assets::CSS)
}

pub(super) async fn program() -> impl IntoResponse {
    let kind = "text/javascript; charset=utf-8";
    ([(CONTENT_TYPE, kind)], assets::JS)
}

pub(super) async fn charts() -> impl IntoResponse {
    let kind = "text/javascript; charset=utf-8";
    ([(CONTENT_TYPE, kind)], assets::ECHARTS)
}

/// The runs there are.
pub(super) async fn list(State(runs): State<Arc<Runs>>) -> Json<Vec<Listed>> {
    let listed = tokio::task::spawn_blocking(move || runs.list());
    Json(listed.await.unwrap_or_default())
}
