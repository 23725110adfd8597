//! Reads the fenced blocks ```` ```console ```` of a document: commands after `$ `, each followed by the output to
//! expect. Runs nothing.

/// One block of a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The line of the document on which its first command stands, from 1.
    pub(crate) line: usize,
    /// What is typed, in order.
    pub(crate) commands: Vec<Typed>,
    /// The exit code that the last command must have; the others must have 0.
    pub(crate) exit: i32,
}

/// One command and what it should print.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    /// The command line, without `$ `.
    pub(crate) command: String,
    /// Lines as they should appear; `...` stands for any text within a line, alone for any lines. None at all
    /// means that the output does not matter.
    pub(crate) expect: Vec<String>,
}

/// The blocks of `text`. Fences other than `console` and `console exit=N` are left alone.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let body: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| !line.trim_start().starts_with("```"))
            .collect();
        if let Some(exit) = console(info.trim()) {
            found.push(Block { line: at + 2, commands: commands(&body), exit });
        }
    }
    found
}

/// The exit code of a `console` fence.
fn console(info: &str) -> Option<i32> {
    match info.strip_prefix("console")?.trim() {
        "" => Some(0),
        option => option.strip_prefix("exit=")?.parse().ok(),
    }
}

fn commands(body: &[&str]) -> Vec<Typed> {
    let mut commands: Vec<Typed> = Vec::new();
    for line in body {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push(Typed { command: command.to_owned(), expect: Vec::new() });
        } else if let Some(last) = commands.last_mut() {
            last.expect.push(line.trim_end().to_owned());
        }
    }
    for typed in &mut commands {
        while typed.expect.last().is_some_and(String::is_empty) {
            typed.expect.pop();
        }
    }
    commands
}

/// Whether `output` is what the block shows.
pub(crate) fn matches(expect: &[String], output: &str) -> bool {
    let lines: Vec<&str> = output.trim_end().lines().map(str::trim_end).collect();
    expect.is_empty() || lines_match(expect, &lines)
}

fn lines_match(expect: &[String], lines: &[&str]) -> bool {
    match expect.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first.trim() == "..." => {
            (0..=lines.len()).any(|skipped| lines_match(rest, &lines[skipped..]))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, others)| line_matches(first, line) && lines_match(rest, others)),
    }
}

fn line_matches(expect: &str, line: &str) -> bool {
    let Some((start, rest)) = expect.split_once("...") else {
        return expect == line;
    };
    let Some(mut left) = line.strip_prefix(start) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split("...").collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match left.split_once(piece) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(end)
}

/// The blocks of another language, each with the line of its first line, from 1.
pub(crate) fn fenced(text: &str, language: &str) -> Vec<(usize, String)> {
    let opening = format!("```{language}");
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if line == opening {
            let inside = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
            blocks.push((at + 2, inside.flat_map(|line| [line, "\n"]).collect()));
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(command: &str, expect: &[&str]) -> Typed {
        Typed { command: command.to_owned(), expect: expect.iter().map(|line| (*line).to_owned()).collect() }
    }

    #[test]
    fn only_console_fences_are_read() {
        let text = "# A\n```sh\n$ not this\n```\n```console exit=2\n$ one\nout\n\n$ two\n```\n```console\n$ three\n```\n";
        let first = Block { line: 6, commands: vec![typed("one", &["out"]), typed("two", &[])], exit: 2 };
        let second = Block { line: 12, commands: vec![typed("three", &[])], exit: 0 };
        assert_eq!(blocks(text), [first, second]);
    }

    #[test]
    fn dots_stand_for_lines_and_for_text() {
        let check = |expect: &[&str], output: &str| matches(&typed("", expect).expect, output);
        assert!(check(&["a", "...", "d"], "a\nb\nc\nd\n"));
        assert!(check(&["a", "...", "b"], "a\nb\n"));
        assert!(check(&["run ... took ... s"], "run 12 took 3.4 s\n"));
        assert!(!check(&["a"], "a\nb\n"), "more than is shown");
        assert!(!check(&["a", "...", "e"], "a\nb\nc\nd\n"));
        assert!(!check(&["run ... ended"], "run 12 failed\n"));
        assert!(check(&[], "anything\n"));
    }
}
