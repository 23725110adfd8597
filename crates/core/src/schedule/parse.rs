//! Reads the text of a Quartz expression: all problems of all fields at once.

use super::cron::Cron;
use super::days::DayRule;
use crate::cut;
use crate::json::Quoted;
use crate::problem::Problem;

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// One field: its values, and its names, of which the first stands for `min`.
struct Field {
    name: &'static str,
    min: i16,
    max: i16,
    names: &'static [&'static str],
    /// Whether a range may go over the end and on from the beginning.
    wraps: bool,
    /// What a person may write there.
    allowed: &'static str,
}

const SECOND: Field =
    Field { name: "seconds", min: 0, max: 59, names: &[], wraps: true, allowed: "0-59 , - * /" };
const MINUTE: Field =
    Field { name: "minutes", min: 0, max: 59, names: &[], wraps: true, allowed: "0-59 , - * /" };
const HOUR: Field =
    Field { name: "hours", min: 0, max: 23, names: &[], wraps: true, allowed: "0-23 , - * /" };
const DAY: Field = Field {
    name: "day-of-month",
    min: 1,
    max: 31,
    names: &[],
    wraps: true,
    allowed: "1-31 , - * ? / L L-n LW nW L-nW",
};
const MONTH: Field =
    Field { name: "month", min: 1, max: 12, names: MONTHS, wraps: true, allowed: "1-12 or JAN-DEC , - * /" };
const WEEKDAY: Field = Field {
    name: "day-of-week",
    min: 1,
    max: 7,
    names: WEEKDAYS,
    wraps: true,
    allowed: "1-7 (1 is Sunday) or SUN-SAT , - * ? / L nL n#k",
};
const YEAR: Field =
    Field { name: "year", min: 1970, max: 2099, names: &[], wraps: false, allowed: "1970-2099 , - * /" };

/// Reads a whole expression.
pub(super) fn cron(expression: &str) -> Result<Cron, Vec<Problem>> {
    let upper = expression.to_ascii_uppercase();
    let fields: Vec<&str> = upper.split_whitespace().collect();
    let (second, minute, hour, day, month, weekday, year) = match fields[..] {
        [second, minute, hour, day, month, weekday] => (second, minute, hour, day, month, weekday, "*"),
        [second, minute, hour, day, month, weekday, year] => {
            (second, minute, hour, day, month, weekday, year)
        }
        _ => return Err(vec![wrong_count(expression, &fields)]),
    };
    let mut problems = Vec::new();
    let mut keep = |field: Result<Vec<i16>, Problem>| {
        field.unwrap_or_else(|problem| {
            problems.push(problem);
            Vec::new()
        })
    };
    let seconds = bits(&keep(SECOND.list(second)));
    let minutes = bits(&keep(MINUTE.list(minute)));
    let hours = bits(&keep(HOUR.list(hour)));
    let months = bits(&keep(MONTH.list(month)));
    let years = keep(YEAR.list(year));
    let days = day_rule(day, weekday).map_err(|found| problems.extend(found)).ok();
    match days {
        Some(days) if problems.is_empty() => {
            let years = (year != "*").then_some(years);
            Ok(Cron { expression: expression.to_owned(), seconds, minutes, hours, months, days, years })
        }
        _ => Err(problems),
    }
}

fn wrong_count(expression: &str, fields: &[&str]) -> Problem {
    let message = format!(
        "cron expression {expression} has {} fields, not 6 or 7",
        fields.len(),
        expression = Quoted(expression)
    );
    let hint = match from_unix(fields) {
        Some(quartz) => format!(
            "this looks like a Unix expression; Quartz starts with seconds, has ? in one of the two day fields and \
             counts days of the week from 1 = Sunday: {quartz}",
            quartz = Quoted(&quartz)
        ),
        None => {
            "seconds minutes hours day-of-month month day-of-week [year], as in \"0 0 2 * * ?\"".to_owned()
        }
    };
    Problem::error("cron_field_count", "", message).with_hint(hint)
}

/// The Quartz form of a Unix expression of five fields, with its weekday numbers moved by one. `None` when it is
/// something else, or restricts both day fields, which Quartz cannot say.
fn from_unix(fields: &[&str]) -> Option<String> {
    let [minute, hour, day, month, weekday] = fields[..] else { return None };
    match (day, weekday) {
        (day, "*" | "?") => Some(format!("0 {minute} {hour} {day} {month} ?")),
        ("*" | "?", weekday) => {
            let mut quartz = format!("0 {minute} {hour} ? {month}");
            for (n, item) in cut::parts(weekday, b',').enumerate() {
                quartz.push(if n == 0 { ' ' } else { ',' });
                weekdays_from_unix(item, &mut quartz);
            }
            Some(quartz)
        }
        _ => None,
    }
}

/// `1-5` becomes `2-6`; names, and the step after a slash, stay.
fn weekdays_from_unix(item: &str, into: &mut String) {
    let (head, step) = item.split_at(cut::place(item, b'/').unwrap_or(item.len()));
    for (n, day) in cut::parts(head, b'-').enumerate() {
        if n > 0 {
            into.push('-');
        }
        match number(day) {
            Some(n) => *into += &(n % 7 + 1).to_string(),
            None => *into += day,
        }
    }
    *into += step;
}

/// Joins the two day fields into one rule: exactly one of them is `?`.
fn day_rule(day: &str, weekday: &str) -> Result<DayRule, Vec<Problem>> {
    let both = |message: String, hint: String| {
        Err(vec![Problem::error("cron_day_fields", "", message).with_hint(hint)])
    };
    match (day, weekday) {
        ("?", "?") => both(
            "day-of-month and day-of-week are both \"?\"; exactly one of them must be".to_owned(),
            "write * in day-of-month for every day".to_owned(),
        ),
        ("?", weekday) => of_week(weekday).map_err(|problem| vec![problem]),
        (day, "?") => of_month(day).map_err(|problem| vec![problem]),
        (day, weekday) => {
            let mut problems: Vec<Problem> =
                [of_month(day).err(), of_week(weekday).err()].into_iter().flatten().collect();
            let (new_day, new_weekday) =
                if day == "*" && weekday != "*" { ("?", weekday) } else { (day, "?") };
            let message = format!(
                "day-of-month {day} and day-of-week {weekday} are both given; exactly one of them must be \"?\"",
                day = Quoted(day),
                weekday = Quoted(weekday)
            );
            let hint = format!("write {new_day} in day-of-month and {new_weekday} in day-of-week");
            problems.push(Problem::error("cron_day_fields", "", message).with_hint(hint));
            Err(problems)
        }
    }
}

fn of_month(text: &str) -> Result<DayRule, Problem> {
    if cut::has(text, b'L') {
        if cut::has(text, b',') {
            return Err(DAY.unsupported(text, "L cannot stand in a list"));
        }
        let (rest, near_weekday) = text.strip_suffix('W').map_or((text, false), |rest| (rest, true));
        let offset = match rest.strip_prefix('L') {
            Some("") => 0,
            Some(tail) => tail
                .strip_prefix('-')
                .and_then(number)
                .filter(|n| *n <= 30)
                .ok_or_else(|| DAY.syntax(text, "L takes -n with n from 0 to 30, then W, or nothing"))?,
            None => return Err(DAY.syntax(text, "L stands at the beginning")),
        };
        return Ok(if near_weekday {
            DayRule::WeekdayNearLast(offset as i8)
        } else {
            DayRule::FromLast(offset as i8)
        });
    }
    if cut::has(text, b'W') {
        // With several days Quartz moves only the lowest one, and forgets the others.
        let mut lowest = DAY.max;
        for item in cut::parts(text, b',') {
            let day = item.strip_suffix('W').unwrap_or(item);
            if number(day).is_none() {
                return Err(DAY.syntax(text, "W stands after one day of the month, as in 15W"));
            }
            lowest = lowest.min(DAY.value(text, day)?);
        }
        return Ok(DayRule::WeekdayNear(lowest as i8));
    }
    DAY.list(text).map(|days| DayRule::OfMonth(bits(&days) as u32))
}

fn of_week(text: &str) -> Result<DayRule, Problem> {
    let is_list = cut::has(text, b',');
    if let Some((weekday, nth)) = cut::once(text, b'#') {
        if is_list {
            return Err(WEEKDAY.unsupported(text, "# cannot stand in a list"));
        }
        let nth = number(nth).filter(|n| (1..=5).contains(n));
        let nth = nth.ok_or_else(|| WEEKDAY.out_of_range(text, "what follows # is not in 1-5"))?;
        return Ok(DayRule::NthOfWeek(WEEKDAY.value(text, weekday)? as i8, nth as i8));
    }
    if let Some(weekday) = text.strip_suffix('L') {
        if is_list {
            return Err(WEEKDAY.unsupported(text, "L cannot stand in a list"));
        }
        if weekday.is_empty() {
            return Ok(DayRule::OfWeek(1 << WEEKDAY.max));
        }
        return Ok(DayRule::LastOfWeek(WEEKDAY.value(text, weekday)? as i8));
    }
    WEEKDAY.list(text).map(|days| DayRule::OfWeek(bits(&days) as u32))
}

impl Field {
    /// A list of values, ranges and steps.
    fn list(&self, text: &str) -> Result<Vec<i16>, Problem> {
        let mut values = Vec::new();
        for item in cut::parts(text, b',') {
            self.item(text, item, &mut values)?;
        }
        Ok(values)
    }

    fn item(&self, text: &str, item: &str, values: &mut Vec<i16>) -> Result<(), Problem> {
        let (head, step) = match cut::once(item, b'/') {
            Some((head, step)) => (head, Some(self.step(text, step)?)),
            None => (item, None),
        };
        let (from, to) = match (head, cut::once(head, b'-')) {
            ("*", _) => (self.min, self.max),
            ("", _) if step.is_some() => (self.min, self.max),
            (_, Some((from, to))) => (self.value(text, from)?, self.value(text, to)?),
            (_, None) => {
                let value = self.value(text, head)?;
                (value, if step.is_some() { self.max } else { value })
            }
        };
        if step.is_some() && head.contains(|c: char| c.is_ascii_alphabetic()) {
            return Err(self.unsupported(text, "Quartz passes over a step after a name; write numbers"));
        }
        let size = self.max - self.min + 1;
        if to < from && !self.wraps {
            return Err(self.syntax(text, "the range ends before it begins"));
        }
        let end = if to < from { to + size } else { to };
        let step = step.unwrap_or(1);
        let mut next = from;
        while next <= end {
            values.push(if next > self.max { next - size } else { next });
            next += step;
        }
        Ok(())
    }

    fn step(&self, text: &str, step: &str) -> Result<i16, Problem> {
        let largest = if self.min == 0 { self.max } else { self.max - self.min + 1 };
        let step = number(step).ok_or_else(|| self.syntax(text, "a whole number must follow /"))?;
        if (1..=largest).contains(&step) {
            Ok(step)
        } else {
            Err(self.out_of_range(text, &format!("step {step} is not in 1-{largest}")))
        }
    }

    fn value(&self, text: &str, value: &str) -> Result<i16, Problem> {
        let named = self.names.iter().zip(self.min..).find(|(name, _)| **name == value);
        if let Some((_, n)) = named {
            return Ok(n);
        }
        match number(value) {
            Some(n) if (self.min..=self.max).contains(&n) => Ok(n),
            Some(n) => Err(self.out_of_range(text, &format!("{n} is not in {}-{}", self.min, self.max))),
            None if value == "?" => Err(self.syntax(text, "? may only be a whole day field")),
            None => Err(self.syntax(text, &format!("{value} is not a value", value = Quoted(value)))),
        }
    }

    fn syntax(&self, text: &str, what: &str) -> Problem {
        self.problem("cron_syntax", text, what)
    }

    fn out_of_range(&self, text: &str, what: &str) -> Problem {
        self.problem("cron_out_of_range", text, what)
    }

    fn unsupported(&self, text: &str, what: &str) -> Problem {
        self.problem("cron_unsupported", text, what)
    }

    fn problem(&self, code: &'static str, text: &str, what: &str) -> Problem {
        Problem::error(code, "", format!("{} field {text}: {what}", self.name, text = Quoted(text)))
            .with_hint(format!("allowed in {}: {}", self.name, self.allowed))
    }
}

/// Digits and nothing else; what is too large for any field stays too large.
fn number(text: &str) -> Option<i16> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(i16::MAX))
}

fn bits(values: &[i16]) -> u64 {
    values.iter().fold(0, |set, n| set | (1 << n))
}
