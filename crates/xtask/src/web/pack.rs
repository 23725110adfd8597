//! Makes a module of WebAssembly easier for brotli: the same functions in an order in which those that are alike stand side by
//! side, and their locals with the numbers that others have at the same places, parameters aside. Engines run the same program.

use super::locals::{make_room, refine, renumber};
use super::module::{Function, Module, Named};
use std::collections::{BTreeMap, BTreeSet, hash_map::DefaultHasher};
use std::hash::{Hash, Hasher};

/// How many numbers locals of the commonest type have room for, parameters included. Which is best is only known afterwards.
const ROOMS: [usize; 4] = [8, 10, 12, 14];

/// Packs a module in several ways, of which one is to be taken; an error when it holds something that is not known here.
pub(super) fn pack(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let packed = std::thread::scope(|scope| {
        let threads = ROOMS.map(|room| scope.spawn(move || pack_with(bytes, room, true)));
        threads.into_iter().map(|thread| thread.join().ok().flatten()).collect::<Option<Vec<_>>>()
    });
    packed.ok_or_else(unknown)
}

/// Packs a module in one way without what takes long.
pub(super) fn pack_quick(bytes: &[u8]) -> Result<Vec<u8>, String> {
    pack_with(bytes, ROOMS[1], false).ok_or_else(unknown)
}

fn unknown() -> String {
    "the module holds what packing does not know".to_owned()
}

fn pack_with(bytes: &[u8], room: usize, refined: bool) -> Option<Vec<u8>> {
    let mut module = Module::read(bytes)?;
    for function in &mut module.functions {
        make_room(function, room);
    }
    renumber(&mut module.functions);
    let order = alike(&module.functions);
    if refined {
        refine(&mut module, &order);
    }
    module.write(&order)
}

/// What counts for functions of one type, beside what they share.
const SAME_TYPE: f64 = 0.1;

/// The functions in an order in which each is followed by the one that shares the most with it.
fn alike(functions: &[Function<'_>]) -> Vec<usize> {
    let (pieces, holders) = pieces(functions);
    let mut order = Vec::with_capacity(functions.len());
    let mut free: Vec<usize> = (0..functions.len()).collect();
    let mut next = if functions.is_empty() { None } else { Some(0) };
    while let Some(last) = next {
        order.push(last);
        free.retain(|function| *function != last);
        let mut shared = vec![0_usize; functions.len()];
        for piece in &pieces[last] {
            for holder in &holders[*piece] {
                shared[*holder] += 1;
            }
        }
        let mut best = None;
        for function in &free {
            let either = pieces[last].len() + pieces[*function].len() - shared[*function];
            let same = functions[last].kind == functions[*function].kind;
            // What is small shares little by chance: hence a few pieces more.
            let score = shared[*function] as f64 / (either + 8) as f64 + if same { SAME_TYPE } else { 0.0 };
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, *function));
            }
        }
        next = best.map(|(_, function)| function);
    }
    order
}

/// The runs of one to three instructions of each function, by number, and the functions that have each.
fn pieces(functions: &[Function<'_>]) -> (Vec<BTreeSet<usize>>, Vec<Vec<usize>>) {
    let mut numbers: BTreeMap<u64, usize> = BTreeMap::new();
    let mut holders: Vec<Vec<usize>> = Vec::new();
    let mut pieces = Vec::with_capacity(functions.len());
    for (number, function) in functions.iter().enumerate() {
        let mut own = BTreeSet::new();
        for length in 1..=3 {
            for run in function.code.windows(length) {
                let mut hasher = DefaultHasher::new();
                for step in run {
                    step.bytes[0].hash(&mut hasher);
                    match step.names {
                        Named::Local(local) => local.hash(&mut hasher),
                        Named::Nothing | Named::Function(_) => step.bytes.hash(&mut hasher),
                    }
                }
                let piece = *numbers.entry(hasher.finish()).or_insert(holders.len());
                if piece == holders.len() {
                    holders.push(Vec::new());
                }
                if own.insert(piece) {
                    holders[piece].push(number);
                }
            }
        }
        pieces.push(own);
    }
    (pieces, holders)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A section: its number, its length, its bytes.
    fn section(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind, body.len() as u8], body].concat()
    }

    /// An imported function, and three of our own: `(i32) -> i32`, `() -> ()`, and the first one again with other locals. The second
    /// calls all others and is exported; the third stands in a table.
    fn sample(code: [&[u8]; 3]) -> Vec<u8> {
        let mut bodies = vec![3];
        for body in code {
            bodies.push(body.len() as u8);
            bodies.extend_from_slice(body);
        }
        [
            b"\0asm\x01\0\0\0".to_vec(),
            section(1, &[2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 0]),
            section(2, &[1, 1, b'h', 1, b't', 0, 1]),
            section(3, &[3, 0, 1, 0]),
            section(4, &[1, 0x70, 0, 1]),
            section(7, &[1, 1, b'f', 0, 2]),
            section(9, &[1, 0, 0x41, 0, 0x0b, 1, 3]),
            section(10, &bodies),
        ]
        .concat()
    }

    /// One local more of each of two types, and `local.get` of this one.
    const FIRST: &[u8] = &[2, 1, 0x7f, 1, 0x7e, 0x20, 1, 0x0b];
    const CALLS: &[u8] = &[0, 0x10, 0, 0x41, 5, 0x10, 1, 0x10, 3, 0x1a, 0x0b];
    const THIRD: &[u8] = &[1, 2, 0x7f, 0x20, 0, 0x21, 2, 0x20, 2, 0x0b];

    #[test]
    fn a_module_is_written_as_it_was_read() {
        let bytes = sample([FIRST, CALLS, THIRD]);
        let module = Module::read(&bytes).unwrap();
        assert_eq!(module.write(&[0, 1, 2]), Some(bytes.clone()));
        // What no engine reads is left out.
        let named = [bytes.clone(), section(0, b"\x04name")].concat();
        assert_eq!(Module::read(&named).unwrap().write(&[0, 1, 2]), Some(bytes));
    }

    #[test]
    fn whatever_names_a_function_follows_it() {
        let bytes = sample([FIRST, CALLS, THIRD]);
        let moved = Module::read(&bytes).unwrap().write(&[2, 0, 1]).unwrap();
        let calls = &[0, 0x10, 0, 0x41, 5, 0x10, 2, 0x10, 1, 0x1a, 0x0b];
        let mut expected = sample([THIRD, FIRST, calls]);
        for (before, after) in [
            (section(3, &[3, 0, 1, 0]), section(3, &[3, 0, 0, 1])),
            (section(7, &[1, 1, b'f', 0, 2]), section(7, &[1, 1, b'f', 0, 3])),
            (section(9, &[1, 0, 0x41, 0, 0x0b, 1, 3]), section(9, &[1, 0, 0x41, 0, 0x0b, 1, 1])),
        ] {
            let at = expected.windows(before.len()).position(|part| part == before).unwrap();
            expected[at..at + after.len()].copy_from_slice(&after);
        }
        assert_eq!(moved, expected);
    }

    #[test]
    fn locals_change_their_numbers_within_a_type_and_parameters_do_not() {
        // The third function uses its second local where the first uses its first, which then uses one of another type.
        let first = &[2, 2, 0x7f, 1, 0x7e, 0x20, 0, 0x21, 1, 0x20, 1, 0x20, 3, 0x1a, 0x0b];
        let bytes = sample([first, CALLS, THIRD]);
        let packed = pack_with(&bytes, 10, true).unwrap();
        let module = Module::read(&packed).unwrap();
        let mut seen = Vec::new();
        for function in &module.functions {
            let local = |names| if let Named::Local(local) = names { Some(local) } else { None };
            let used: Vec<usize> = function.code.iter().filter_map(|step| local(step.names)).collect();
            let kinds: Vec<u8> = used.iter().skip(1).map(|local| function.locals[local - 1]).collect();
            match used.len() {
                0 => assert!(function.locals.is_empty(), "no room for what has no locals"),
                3 => assert_eq!(kinds, [0x7f, 0x7f]),
                _ => assert_eq!(kinds, [0x7f, 0x7f, 0x7e]),
            }
            seen.extend(used.first_chunk::<3>().copied());
        }
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0], seen[1], "alike functions use the same numbers");
        assert!(seen[0][0] == 0 && seen[0][1] == seen[0][2] && seen[0][1] > 0);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let vector = &[0, 0xfd, 0x0c, 0x0b];
        assert!(pack(&sample([FIRST, vector, THIRD])).is_err());
        assert!(pack(b"\x7fELF").is_err());
        let bytes = sample([FIRST, CALLS, THIRD]);
        for cut in 9..bytes.len() {
            // Cut off between two sections it lacks what is needed.
            assert!(pack(&bytes[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn functions_that_share_the_most_stand_side_by_side() {
        let other = &[0, 0x20, 0, 0x41, 1, 0x6a, 0x41, 2, 0x6b, 0x0b];
        let alike_one = &[0, 0x20, 0, 0x41, 1, 0x6a, 0x41, 3, 0x6b, 0x0b];
        let bytes = sample([other, CALLS, alike_one]);
        assert_eq!(alike(&Module::read(&bytes).unwrap().functions), [0, 2, 1]);
    }
}
