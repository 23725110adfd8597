//! A WebAssembly module taken apart as far as packing needs it, and put together again with its functions in another order.
//!
//! What it does not know it refuses: a module is never written with something in it that was not understood.

use crate::wasm::{self, FUNCTION, HEAD, number, put, put_section, take};

/// The parts of a module.
pub(super) struct Module<'a> {
    /// All sections with their numbers, without those that no engine reads.
    sections: Vec<(u8, &'a [u8])>,
    /// How many functions come from the host; they have the first numbers.
    imported: usize,
    pub(super) functions: Vec<Function<'a>>,
}

/// A function of its own.
pub(super) struct Function<'a> {
    /// The number of its type.
    pub(super) kind: usize,
    /// How many parameters it has; locals are numbered after them.
    pub(super) params: usize,
    /// The type of each local.
    pub(super) locals: Vec<u8>,
    pub(super) code: Vec<Step<'a>>,
}

/// An instruction.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    /// As it was read.
    pub(super) bytes: &'a [u8],
    pub(super) names: Named,
}

/// What an instruction names by a number that packing may change.
#[derive(Clone, Copy)]
pub(super) enum Named {
    Nothing,
    /// A parameter or a local.
    Local(usize),
    Function(usize),
}

const CUSTOM: u8 = 0;
const TYPES: u8 = 1;
const IMPORTS: u8 = 2;
const FUNCTIONS: u8 = 3;
const GLOBALS: u8 = 6;
const EXPORTS: u8 = 7;
const START: u8 = 8;
const ELEMENTS: u8 = 9;
const CODE: u8 = 10;

impl<'a> Module<'a> {
    /// `None` when the bytes are no module, or one that is beyond this.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut sections = wasm::sections(bytes)?;
        sections.retain(|(kind, _)| *kind != CUSTOM);
        let section = |kind: u8| sections.iter().find(|(found, _)| *found == kind).map(|(_, body)| *body);
        let params = read_types(section(TYPES)?)?;
        let kinds = list(section(FUNCTIONS)?, number)?;
        let imported = section(IMPORTS).map_or(Some(0), read_imports)?;
        section(GLOBALS).map_or(Some(()), check_globals)?;
        let bodies = list(section(CODE)?, |rest| {
            let length = number(rest)?;
            take(rest, length)
        })?;
        let mut functions = Vec::new();
        for (kind, body) in kinds.into_iter().zip(bodies) {
            functions.push(read_function(kind, *params.get(kind)?, body)?);
        }
        Some(Self { sections, imported, functions })
    }

    /// The module with its functions in this order, which names each once.
    pub(super) fn write(&self, order: &[usize]) -> Option<Vec<u8>> {
        let place = self.places(order);
        let mut module = HEAD.to_vec();
        for (kind, body) in &self.sections {
            let mut out = Vec::new();
            match *kind {
                FUNCTIONS => {
                    put(&mut out, order.len());
                    for function in order {
                        put(&mut out, self.functions[*function].kind);
                    }
                }
                EXPORTS => write_exports(body, &place, &mut out)?,
                START => put(&mut out, place(number(&mut &**body)?)),
                ELEMENTS => write_elements(body, &place, &mut out)?,
                CODE => {
                    put(&mut out, order.len());
                    for function in order {
                        let body = self.functions[*function].write(&place).0;
                        put(&mut out, body.len());
                        out.extend(body);
                    }
                }
                _ => out.extend_from_slice(body),
            }
            put_section(&mut module, *kind, &out);
        }
        Some(module)
    }

    /// The numbers that functions have in this order, by those that they have now.
    pub(super) fn places(&self, order: &[usize]) -> impl Fn(usize) -> usize + use<> {
        let imported = self.imported;
        let mut places = vec![0; order.len()];
        for (place, function) in order.iter().enumerate() {
            places[*function] = imported + place;
        }
        move |function| function.checked_sub(imported).map_or(function, |own| places[own])
    }
}

impl Function<'_> {
    /// The function as bytes, and where in them each number of a local begins.
    pub(super) fn write(&self, place: &dyn Fn(usize) -> usize) -> (Vec<u8>, Vec<usize>) {
        let mut numbers = Vec::new();
        let mut out = Vec::new();
        let runs: Vec<&[u8]> = self.locals.chunk_by(|a, b| a == b).collect();
        put(&mut out, runs.len());
        for run in runs {
            put(&mut out, run.len());
            out.push(run[0]);
        }
        for step in &self.code {
            match step.names {
                Named::Nothing => out.extend_from_slice(step.bytes),
                Named::Local(number) => {
                    out.push(step.bytes[0]);
                    numbers.push(out.len());
                    put(&mut out, number);
                }
                Named::Function(number) => {
                    out.push(step.bytes[0]);
                    put(&mut out, place(number));
                }
            }
        }
        (out, numbers)
    }
}

/// How many parameters each type has.
fn read_types(body: &[u8]) -> Option<Vec<usize>> {
    list(body, |rest| {
        if byte(rest)? != 0x60 {
            return None;
        }
        let params = number(rest)?;
        take(rest, params)?;
        let results = number(rest)?;
        take(rest, results)?;
        Some(params)
    })
}

/// How many functions are imported.
fn read_imports(body: &[u8]) -> Option<usize> {
    let imports = list(body, wasm::import)?;
    Some(imports.iter().filter(|(_, kind)| *kind == FUNCTION).count())
}

/// Globals stay as they are, so they must name no function.
fn check_globals(body: &[u8]) -> Option<()> {
    list(body, |rest| {
        take(rest, 2)?;
        expression(rest)
    })?;
    Some(())
}

fn read_function(kind: usize, params: usize, mut body: &[u8]) -> Option<Function<'_>> {
    let mut locals = Vec::new();
    for _ in 0..number(&mut body)? {
        let count = number(&mut body)?;
        let kind = byte(&mut body)?;
        locals.resize(locals.len() + count, kind);
    }
    let mut code = Vec::new();
    while !body.is_empty() {
        code.push(step(&mut body)?);
    }
    Some(Function { kind, params, locals, code })
}

/// A constant expression that names no function.
fn expression(rest: &mut &[u8]) -> Option<()> {
    loop {
        let step = step(rest)?;
        match (step.bytes[0], step.names) {
            (0x0b, _) => return Some(()),
            (_, Named::Nothing) => {}
            _ => return None,
        }
    }
}

/// Reads an instruction of WebAssembly 2.0 without vectors.
fn step<'a>(rest: &mut &'a [u8]) -> Option<Step<'a>> {
    let start = *rest;
    let mut names = Named::Nothing;
    match byte(rest)? {
        // What has no operand: control, parametric, comparisons and arithmetic, `ref.is_null`.
        0x00 | 0x01 | 0x05 | 0x0b | 0x0f | 0x1a | 0x1b | 0x45..=0xc4 | 0xd1 => {}
        // Blocks with their type, and integers.
        0x02..=0x04 | 0x41 | 0x42 => signed(rest)?,
        0x20..=0x22 => names = Named::Local(number(rest)?),
        0x10 | 0xd2 => names = Named::Function(number(rest)?),
        // Branches, globals, tables.
        0x0c | 0x0d | 0x23..=0x26 => drop(number(rest)?),
        0x0e => {
            for _ in 0..=number(rest)? {
                number(rest)?;
            }
        }
        // Indirect calls; loads and stores.
        0x11 | 0x28..=0x3e => drop((number(rest)?, number(rest)?)),
        0x1c => {
            let types = number(rest)?;
            take(rest, types)?;
        }
        // The size of the memory; `ref.null`.
        0x3f | 0x40 | 0xd0 => drop(byte(rest)?),
        0x43 => drop(take(rest, 4)?),
        0x44 => drop(take(rest, 8)?),
        0xfc => match number(rest)? {
            // Conversions that saturate; what copies and fills memory and tables.
            0..=7 => {}
            8 | 10 | 12 | 14 => drop((number(rest)?, number(rest)?)),
            9 | 11 | 13 | 15..=17 => drop(number(rest)?),
            _ => return None,
        },
        _ => return None,
    }
    Some(Step { bytes: &start[..start.len() - rest.len()], names })
}

fn write_exports(body: &[u8], place: &dyn Fn(usize) -> usize, out: &mut Vec<u8>) -> Option<()> {
    let exports = list(body, |rest| {
        let start = *rest;
        let length = number(rest)?;
        take(rest, length)?;
        let kind = byte(rest)?;
        let head = &start[..start.len() - rest.len()];
        Some((head, kind, number(rest)?))
    })?;
    put(out, exports.len());
    for (head, kind, number) in exports {
        out.extend_from_slice(head);
        put(out, if kind == FUNCTION { place(number) } else { number });
    }
    Some(())
}

fn write_elements(body: &[u8], place: &dyn Fn(usize) -> usize, out: &mut Vec<u8>) -> Option<()> {
    let segments = list(body, |rest| {
        let start = *rest;
        match number(rest)? {
            0 => expression(rest)?,
            1 | 3 => drop(byte(rest)?),
            2 => {
                number(rest)?;
                expression(rest)?;
                byte(rest)?;
            }
            _ => return None,
        }
        let head = &start[..start.len() - rest.len()];
        let mut functions = Vec::new();
        for _ in 0..number(rest)? {
            functions.push(number(rest)?);
        }
        Some((head, functions))
    })?;
    put(out, segments.len());
    for (head, functions) in segments {
        out.extend_from_slice(head);
        put(out, functions.len());
        for function in functions {
            put(out, place(function));
        }
    }
    Some(())
}

/// A whole section that is a list.
fn list<'a, T>(mut body: &'a [u8], mut item: impl FnMut(&mut &'a [u8]) -> Option<T>) -> Option<Vec<T>> {
    let mut items = Vec::new();
    for _ in 0..number(&mut body)? {
        items.push(item(&mut body)?);
    }
    body.is_empty().then_some(items)
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    Some(take(rest, 1)?[0])
}

/// Passes a signed number of any width.
fn signed(rest: &mut &[u8]) -> Option<()> {
    while byte(rest)? & 0x80 != 0 {}
    Some(())
}
