//! A cron expression in words, for the forms that people write most; others have no words here, and are shown as they
//! are. When it fires is `cron`'s work, and nothing follows from the words.

const DAYS: [(&str, &str); 7] = [
    ("SUN", "Sunday"),
    ("MON", "Monday"),
    ("TUE", "Tuesday"),
    ("WED", "Wednesday"),
    ("THU", "Thursday"),
    ("FRI", "Friday"),
    ("SAT", "Saturday"),
];

/// `Every day at 06:00`, `Every 15 minutes`, `Monday to Friday at 07:30`; `None` for what it has no words for.
pub fn words(expression: &str) -> Option<String> {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let [second, minute, hour, day, month, weekday, ref year @ ..] = fields[..] else { return None };
    if second != "0" || month != "*" || !matches!(year, [] | ["*"]) {
        return None;
    }
    let any_day = |text: &str| matches!(text, "*" | "?");
    if any_day(day) && any_day(weekday) {
        return daily(minute, hour);
    }
    let at = time(minute, hour)?;
    if any_day(weekday) {
        return match day {
            "L" => Some(format!("On the last day of the month at {at}")),
            day => number(day, 31).map(|day| format!("On day {day} of the month at {at}")),
        };
    }
    any_day(day).then(|| weekdays(weekday)).flatten().map(|days| format!("{days} at {at}"))
}

fn daily(minute: &str, hour: &str) -> Option<String> {
    if let Some(at) = time(minute, hour) {
        return Some(format!("Every day at {at}"));
    }
    let step = |text: &str, most: u32| {
        let step = text.strip_prefix("*/").or_else(|| text.strip_prefix("0/"))?;
        number(step, most).filter(|step| *step > 0)
    };
    match (step(minute, 59), number(minute, 59), hour, step(hour, 23)) {
        (Some(1), _, "*", _) => Some("Every minute".to_owned()),
        (Some(n), _, "*", _) => Some(format!("Every {n} minutes")),
        (None, _, "*", _) if minute == "*" => Some("Every minute".to_owned()),
        (_, Some(0), "*", _) | (_, Some(0), _, Some(1)) => Some("Every hour".to_owned()),
        (_, Some(m), "*", _) => Some(format!("Every hour at minute {m}")),
        (_, Some(0), _, Some(n)) => Some(format!("Every {n} hours")),
        _ => None,
    }
}

fn number(text: &str, most: u32) -> Option<u32> {
    text.parse().ok().filter(|number| *number <= most)
}

fn time(minute: &str, hour: &str) -> Option<String> {
    Some(format!("{:02}:{:02}", number(hour, 23)?, number(minute, 59)?))
}

fn weekday(text: &str) -> Option<&'static str> {
    let place = DAYS.iter().position(|(short, _)| short.eq_ignore_ascii_case(text));
    let place = place.or_else(|| number(text, 7).filter(|n| *n > 0).map(|n| n as usize - 1))?;
    DAYS.get(place).map(|(_, name)| *name)
}

fn weekdays(text: &str) -> Option<String> {
    if let Some((from, to)) = text.split_once('-') {
        return Some(format!("{} to {}", weekday(from)?, weekday(to)?));
    }
    let names: Option<Vec<&str>> = text.split(',').map(weekday).collect();
    Some(format!("Every {}", names?.join(", ")))
}
