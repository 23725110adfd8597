//! Which screen an address shows, and what that screen asks the engine first. A page names both in its head, so that
//! the browser fetches scripts and data beside each other instead of one after the other.
//!
//! Only addresses made of known words and of digits are named: nothing that was typed gets into a page. What is missing
//! here is no fault: the screen's own script asks for it, only later (`node/console/main.ts` knows all addresses).

/// Where calls of pages are.
const API: &str = "/console/api/";

/// What an address shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Screen {
    /// The page: a file of the console.
    pub(super) page: &'static str,
    /// Addresses that it asks first, exactly as its script will.
    pub(super) asks: Vec<String>,
}

impl Screen {
    fn new(page: &'static str, asks: impl IntoIterator<Item = String>) -> Self {
        Self { page, asks: asks.into_iter().map(|ask| format!("{API}{ask}")).collect() }
    }
}

/// The screen at a path, with its query.
pub(super) fn screen(path: &str, query: &str) -> Screen {
    let home = || "home".to_owned();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["runs", run] | ["jobs", _, "runs", run] => {
            // The frame of a run shows next to nothing of the other jobs.
            Screen::new("run.html", digits(run).map(|run| format!("runs/{run}")))
        }
        ["runs"] => {
            Screen::new("job.html", [home()].into_iter().chain(plain(query).map(|()| "runs".to_owned())))
        }
        ["jobs", job] => {
            let linked = value(query, "run")
                .map_or(Some(String::new()), |run| digits(run).map(|run| format!("&with={run}")));
            let ask = digits(job).zip(linked).map(|(job, with)| format!("jobs/{job}/matrix?count=30{with}"));
            Screen::new("job.html", [home()].into_iter().chain(ask))
        }
        ["jobs", job, "runs"] => {
            let ask = digits(job).zip(plain(query)).map(|(job, ())| format!("jobs/{job}/runs"));
            Screen::new("job.html", [home()].into_iter().chain(ask))
        }
        ["jobs", job, page @ ("run" | "definition")] => {
            let page = if *page == "run" { "form.html" } else { "pages.html" };
            Screen::new(page, [home()].into_iter().chain(digits(job).map(|job| format!("jobs/{job}"))))
        }
        ["compare"] => {
            let side = |name| value(query, name).and_then(digits);
            let ask = side("a").zip(side("b")).map(|(a, b)| format!("compare?a={a}&b={b}"));
            Screen::new("pages.html", [home()].into_iter().chain(ask))
        }
        ["schedules"] => Screen::new("pages.html", [home(), "schedules".to_owned()]),
        _ => Screen::new("jobs.html", [home()]),
    }
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.len() < 20 && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// A list without filters.
fn plain(query: &str) -> Option<()> {
    query.is_empty().then_some(())
}

fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(path: &str, query: &str) -> (&'static str, Vec<String>) {
        let found = screen(path, query);
        (found.page, found.asks.iter().map(|ask| ask.replace(API, "")).collect())
    }

    #[test]
    fn each_address_has_its_page_and_its_first_calls() {
        let run = "1882871857938432";
        for (path, query, page, first) in [
            ("/", "", "jobs.html", vec!["home"]),
            ("/jobs/7", "", "job.html", vec!["home", "jobs/7/matrix?count=30"]),
            ("/jobs/7", "run=12&task=a", "job.html", vec!["home", "jobs/7/matrix?count=30&with=12"]),
            ("/jobs/7/runs", "", "job.html", vec!["home", "jobs/7/runs"]),
            ("/jobs/7/run", "p.day=1", "form.html", vec!["home", "jobs/7"]),
            ("/jobs/7/definition", "", "pages.html", vec!["home", "jobs/7"]),
            ("/runs", "", "job.html", vec!["home", "runs"]),
            ("/compare", "a=1&b=2", "pages.html", vec!["home", "compare?a=1&b=2"]),
            ("/schedules", "", "pages.html", vec!["home", "schedules"]),
        ] {
            assert_eq!(
                asks(path, query),
                (page, first.into_iter().map(str::to_owned).collect()),
                "{path}?{query}"
            );
        }
        assert_eq!(asks(&format!("/runs/{run}"), "task=x"), ("run.html", vec![format!("runs/{run}")]));
        assert_eq!(asks(&format!("/jobs/7/runs/{run}"), ""), ("run.html", vec![format!("runs/{run}")]));
    }

    #[test]
    fn what_was_typed_is_never_named() {
        for (path, query) in [
            ("/runs/\"><script>", ""),
            ("/jobs/1\"", ""),
            ("/jobs/1", "run=\"><b>"),
            ("/compare", "a=1&b=\"><b>"),
            ("/jobs/7/runs", "q=<b>"),
            ("/runs", "state=\""),
            ("/jobs//run", ""),
            ("/runs/99999999999999999999", ""),
        ] {
            let found = screen(path, query);
            for ask in &found.asks {
                assert!(
                    ask.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/?=&".contains(&byte)),
                    "{ask}"
                );
            }
            assert!(found.asks.len() < 2, "{path}?{query}: {:?}", found.asks);
        }
    }
}
