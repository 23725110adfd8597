//! Workspace and volume files, as far as clients of jobs need them (reference section 2.4).

use super::App;
use axum::Router;
use std::sync::Arc;

pub(super) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router
}
