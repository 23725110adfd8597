//! Takes the code out of a module that gives memory back piece by piece, for a module whose allocator gives it back by regions
//! (`bindings/wasm/src/region.rs`). The compiler writes that code for every type and cannot be told not to.
//!
//! What is emptied does nothing else: dropping the values of types that have no `Drop` of their own, as all of the core's are,
//! and the containers of the standard library. Functions are known by their names, which the linker keeps; `wasm-opt` then
//! leaves out the calls.

use crate::wasm::{FUNCTION, HEAD, import, number, put, put_section, sections, take, text};

/// Whether a function does nothing but give memory back, by its name as the compiler writes it.
fn is_emptied(name: &str) -> bool {
    let has = |part: &str| name.contains(part);
    // Those put something in order when they are dropped.
    if ["5drain", "OnDrop", "4cell", "4sync"].into_iter().any(has) {
        return false;
    }
    let container = ["5alloc3vec", "5alloc7raw_vec", "5alloc5boxed"].into_iter().any(has);
    has("4core3ptr13drop_in_place")
        || has("11RawVecInner10deallocate")
        || has("7___rustc14___rust_dealloc")
        || (has("3ops4drop4Drop4drop") && container)
}

/// The module with the bodies of these functions empty; `None` when the bytes are no module with names.
pub(crate) fn emptied(module: &[u8]) -> Option<Vec<u8>> {
    let names = Names::read(module)?;
    let mut out = HEAD.to_vec();
    for (kind, mut body) in sections(module)? {
        if kind != 10 {
            put_section(&mut out, kind, body);
            continue;
        }
        let count = number(&mut body)?;
        let mut code = Vec::new();
        put(&mut code, count);
        for index in names.imported..names.imported + count {
            let length = number(&mut body)?;
            let function = take(&mut body, length)?;
            let emptied = names.of.iter().any(|(of, name)| *of == index && is_emptied(name));
            // No locals, and the end.
            let function = if emptied { &[0, 0x0b][..] } else { function };
            put(&mut code, function.len());
            code.extend_from_slice(function);
        }
        put_section(&mut out, kind, &code);
    }
    Some(out)
}

/// The names of functions by index, and how many functions are imported.
#[derive(Default)]
struct Names {
    imported: usize,
    of: Vec<(usize, String)>,
}

impl Names {
    fn read(module: &[u8]) -> Option<Self> {
        let mut names = Self::default();
        for (kind, mut body) in sections(module)? {
            match kind {
                0 if text(&mut body)? == "name" => names.functions(body)?,
                2 => names.imports(body)?,
                _ => {}
            }
        }
        (!names.of.is_empty()).then_some(names)
    }

    /// The module imports functions alone: its door has nothing else.
    fn imports(&mut self, mut body: &[u8]) -> Option<()> {
        self.imported = number(&mut body)?;
        for _ in 0..self.imported {
            if import(&mut body)?.1 != FUNCTION {
                return None;
            }
        }
        Some(())
    }

    fn functions(&mut self, mut body: &[u8]) -> Option<()> {
        while !body.is_empty() {
            let kind = take(&mut body, 1)?[0];
            let length = number(&mut body)?;
            let mut part = take(&mut body, length)?;
            if kind != 1 {
                continue;
            }
            for _ in 0..number(&mut part)? {
                let index = number(&mut part)?;
                self.of.push((index, text(&mut part)?));
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DROP: &str = "_RINvNtCs1_4core3ptr13drop_in_placeNtNtCs2_5alloc6string6StringECs3_4core";
    const OTHER: &str = "_RNvCs1_4core5other";

    /// A module of one import and two functions, of which the first one has this name.
    fn module(name: &str) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        let mut section = |kind: u8, body: &[u8]| put_section(&mut bytes, kind, body);
        section(1, &[1, 0x60, 0, 0]);
        section(2, b"\x01\x01h\x01f\0\0");
        section(3, &[2, 0, 0]);
        // Both call the import.
        section(10, &[2, 4, 0, 0x10, 0, 0x0b, 4, 0, 0x10, 0, 0x0b]);
        let mut names = vec![2];
        for (index, name) in [(1, name), (2, OTHER)] {
            put(&mut names, index);
            put(&mut names, name.len());
            names.extend_from_slice(name.as_bytes());
        }
        let mut body = b"\x04name\x01".to_vec();
        put(&mut body, names.len());
        section(0, &[body, names].concat());
        bytes
    }

    #[test]
    fn what_gives_memory_back_is_emptied_and_nothing_else() {
        let (before, after) = (module(DROP), emptied(&module(DROP)).expect("it is a module"));
        let code = |bytes: &[u8]| bytes.windows(2).filter(|pair| pair == b"\x10\0").count();
        assert_eq!((code(&before), code(&after)), (2, 1));
        assert_eq!(before.len() - after.len(), 2);
        assert_eq!(emptied(&module(OTHER)), Some(module(OTHER)));
        let drain = DROP.replace("6string", "3vec5drain");
        assert_eq!(emptied(&module(&drain)), Some(module(&drain)));
        assert_eq!(emptied(b"\0asm\x01\0\0\0"), None);
    }
}
