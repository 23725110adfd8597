//! What bytes cost brotli in a text that is already there: a model of it that is quick enough to be asked a hundred thousand
//! times. Two thirds of what a module costs are repetitions: where they lie and how long they are. So it looks for the
//! cheapest way to write bytes as such and as repetitions, and knows from what brotli wrote what each takes, in bits.

/// How far away a repetition is: for the nearest, and for each time that it is twice as far.
const NEAREST: f64 = 4.7;
const TWICE_AS_FAR: f64 = 0.85;
/// A repetition that is as far away as the one before it, whatever its length.
const AS_BEFORE: f64 = 6.0;
/// Shorter ones are only worth it at the distance of the one before.
const SHORTEST: usize = 4;
/// Longer ones are hardly ever found at the distance of the one before.
const LONGEST_AS_BEFORE: usize = 400;
/// So many places are looked at for each byte, the nearest first.
const PLACES: usize = 32;
/// Places of four bytes are kept by their hash; those of one function by a shorter one.
const HASHES: usize = 1 << 15;
const OWN_HASHES: usize = 1 << 9;
const NONE: usize = usize::MAX;

/// A text in which parts are tried out.
pub(super) struct Text {
    bytes: Vec<u8>,
    /// Where four bytes of each hash are, ascending.
    places: Vec<Vec<usize>>,
    /// What each byte costs as such.
    literal: [f64; 256],
}

/// The cheapest way that was found up to a byte.
#[derive(Clone, Copy)]
struct Way {
    cost: f64,
    /// How far away the last repetition was; 0 before the first.
    distance: usize,
    /// How many bytes were written as such since.
    literals: usize,
    /// The byte at which its last step begins.
    from: usize,
}

impl Text {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let mut text = Self { bytes, places: vec![Vec::new(); HASHES], literal: [6.0; 256] };
        for at in 0..text.bytes.len().saturating_sub(SHORTEST - 1) {
            let hash = hash(&text.bytes[at..]);
            text.places[hash].push(at);
        }
        for _ in 0..2 {
            text.learn();
        }
        text
    }

    /// What a byte costs as such, by how often that is the cheapest.
    fn learn(&mut self) {
        let mut counts = [0.5; 256];
        let ways = self.ways(0, &self.bytes, &mut Vec::new());
        let mut at = self.bytes.len();
        while at > 0 {
            if ways[at].literals > 0 {
                counts[usize::from(self.bytes[at - 1])] += 1.0;
            }
            at = ways[at].from;
        }
        let all: f64 = counts.iter().sum();
        // What stands before a byte says something, too.
        self.literal = counts.map(|count: f64| (0.5 - 0.88 * (count / all).log2()).min(11.0));
    }

    /// What `part` would cost in the place of the bytes from `start` on. It repeats what is before and what is after: what it has
    /// in common with either is written once. `room` is memory that is used again.
    pub(super) fn cost(&self, start: usize, part: &[u8], room: &mut Vec<usize>) -> f64 {
        self.ways(start, part, room)[part.len()].cost
    }

    /// Puts `part` in the place of the bytes from `start` on.
    pub(super) fn replace(&mut self, start: usize, part: &[u8]) {
        let whole = self.bytes.len().saturating_sub(SHORTEST - 1);
        let touched = start.saturating_sub(SHORTEST - 1)..(start + part.len()).min(whole);
        for at in touched.clone() {
            let places = &mut self.places[hash(&self.bytes[at..])];
            places.remove(places.partition_point(|place| *place < at));
        }
        self.bytes[start..start + part.len()].copy_from_slice(part);
        for at in touched {
            let places = &mut self.places[hash(&self.bytes[at..])];
            places.insert(places.partition_point(|place| *place < at), at);
        }
    }

    fn ways(&self, start: usize, part: &[u8], earlier: &mut Vec<usize>) -> Vec<Way> {
        let first = Way { cost: 0.0, distance: 0, literals: 0, from: 0 };
        let mut ways = vec![Way { cost: f64::MAX, ..first }; part.len() + 1];
        ways[0] = first;
        let mut heads = [NONE; OWN_HASHES];
        earlier.clear();
        earlier.resize(part.len(), NONE);
        for at in 0..part.len() {
            let way = ways[at];
            let literal = self.literal[usize::from(part[at])] + next_literal(way.literals);
            shorten(
                &mut ways[at + 1],
                &Way { cost: way.cost + literal, literals: way.literals + 1, from: at, ..way },
            );
            let mut longest = SHORTEST - 1;
            if way.distance > 0 {
                let length = self.as_before(start, part, at, way.distance).min(LONGEST_AS_BEFORE);
                for length in 2..=length {
                    let cost = way.cost + AS_BEFORE + if length > 9 { of_length(length) - 5.0 } else { 0.0 };
                    shorten(&mut ways[at + length], &Way { cost, literals: 0, from: at, ..way });
                }
                longest = longest.max(length);
            }
            if at + SHORTEST > part.len() {
                continue;
            }
            let hash = hash(&part[at..]);
            let mut found = |length: usize, distance: usize| {
                for length in longest + 1..=length {
                    let cost = way.cost + of_length(length) + of_distance(distance);
                    shorten(&mut ways[at + length], &Way { cost, distance, literals: 0, from: at });
                }
                longest = longest.max(length);
            };
            let mut own = std::mem::replace(&mut heads[hash % OWN_HASHES], at);
            earlier[at] = own;
            for _ in 0..PLACES {
                if own == NONE {
                    break;
                }
                found(common(&part[own..], &part[at..]), at - own);
                own = earlier[own];
            }
            let places = &self.places[hash];
            let mut before = places.partition_point(|place| *place < start);
            let mut after = before + places[before..].partition_point(|place| *place < start + part.len());
            for _ in 0..PLACES {
                let last = before.checked_sub(1).map(|last| start + at - places[last]);
                let next = places.get(after).map(|next| next - start - at);
                let (place, distance) = match (last, next) {
                    (None, None) => break,
                    (Some(last), next) if next.is_none_or(|next| last <= next) => {
                        before -= 1;
                        (places[before], last)
                    }
                    (_, next) => {
                        after += 1;
                        (places[after - 1], next.unwrap_or_default())
                    }
                };
                found(common(&self.bytes[place..], &part[at..]), distance);
            }
        }
        ways
    }

    /// How long the repetition at a byte is that is as far away as the one before.
    fn as_before(&self, start: usize, part: &[u8], at: usize, distance: usize) -> usize {
        match (at.checked_sub(distance), (start + at).checked_sub(distance)) {
            (Some(own), _) => common(&part[own..], &part[at..]),
            (None, Some(place)) => common(&self.bytes[place..start], &part[at..]),
            (None, None) => 0,
        }
    }
}

fn shorten(way: &mut Way, by: &Way) {
    if by.cost < way.cost {
        *way = *by;
    }
}

/// What brotli needs to say how many bytes as such there are, for one more.
fn next_literal(before: usize) -> f64 {
    match before {
        0 => 0.7,
        1 => 1.1,
        2 | 3 => 0.5,
        4 | 5 => 0.8,
        _ => 0.3,
    }
}

/// What it needs to say how long a repetition is.
fn of_length(length: usize) -> f64 {
    match length {
        0..=3 => 7.0,
        5 | 6 => 4.0,
        4 | 7 | 9 => 5.0,
        8 => 5.5,
        _ => 6.5 + (length as f64 / 10.0).log2(),
    }
}

/// What it needs to say how far away one is.
fn of_distance(distance: usize) -> f64 {
    NEAREST + TWICE_AS_FAR * (distance.max(4) as f64).log2()
}

fn hash(bytes: &[u8]) -> usize {
    let four = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    (four.wrapping_mul(0x9e37_79b1) >> 17) as usize
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"the quick brown fox, jumps over it; the slow brown cat sleeps under 12345";

    fn cost(text: &Text, start: usize, part: &[u8]) -> f64 {
        text.cost(start, part, &mut Vec::new())
    }

    #[test]
    fn what_is_there_already_costs_less_and_less_still_when_near() {
        let text = Text::new(TEXT.to_vec());
        let end = TEXT.len() - 5;
        assert!(cost(&text, end, b"quick") < cost(&text, end, b"qxixk"));
        // Both are there once, one of them five times as near.
        assert!(cost(&text, end, b"sleep") < cost(&text, end, b"quick"));
        // What comes after counts as well.
        assert!(cost(&text, 0, b"cat sleep") < cost(&text, 0, b"cxt slexp"));
    }

    #[test]
    fn a_part_repeats_itself_but_not_what_it_replaces() {
        let text = Text::new(TEXT.to_vec());
        let twice = cost(&text, 4, b"abcdefgabcdefg");
        assert!(twice < cost(&text, 4, b"abcdefghijklmn"));
        let (own, other) = (cost(&text, 4, b"quick"), cost(&text, 20, b"quick"));
        assert!(own > other, "{own} {other}");
    }

    #[test]
    fn what_replaced_a_part_is_found_and_what_was_there_is_not() {
        let mut text = Text::new(TEXT.to_vec());
        let end = TEXT.len() - 5;
        let before = (cost(&text, end, b"quick"), cost(&text, end, b"Zebra"));
        text.replace(4, b"Zebra");
        assert!(cost(&text, end, b"quick") > before.0);
        assert!(cost(&text, end, b"Zebra") < before.1);
        let anew = Text { literal: text.literal, ..Text::new(text.bytes.clone()) };
        assert_eq!(text.places, anew.places);
    }
}
