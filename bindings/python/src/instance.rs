//! Python objects as instances of the validator, looked at where they are. Nothing is converted and nothing is decided:
//! a value that JSON has no form for is handed on as such, with the name of its type.

use lakeflow_core::params::{Instance, Number, View};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBoolMethods, PyDate, PyDict, PyDictMethods, PyFloat, PyFloatMethods, PyInt, PyList,
    PyListMethods, PyString, PyStringMethods, PyTime, PyTuple, PyTupleMethods,
};

/// A Python object seen as JSON.
#[derive(Clone)]
pub(crate) struct Object<'py> {
    value: Bound<'py, PyAny>,
    /// Set for the value of a member whose name is not text.
    bad_name: bool,
}

/// The text of a string or of a member's name.
pub(crate) enum Text<'py> {
    /// A string of Python's.
    Python(Bound<'py, PyString>),
    /// Made for the occasion: a date.
    Own(String),
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        match self {
            // Only strings that have a UTF-8 form become a `Text`.
            Self::Python(text) => text.to_str().unwrap_or_default(),
            Self::Own(text) => text,
        }
    }
}

/// What a Python object is, in JSON's terms.
pub(crate) enum Kind<'a, 'py> {
    Null,
    Bool(bool),
    Int(&'a Bound<'py, PyAny>),
    Float(f64),
    Text(&'a Bound<'py, PyString>),
    Date(String),
    List(&'a Bound<'py, PyList>),
    Tuple(&'a Bound<'py, PyTuple>),
    Dict(&'a Bound<'py, PyDict>),
    /// JSON has no form for it; the text says what it is.
    Foreign(&'static str),
}

/// Names the kind of an object. Exact types first, by comparing one pointer; then their subclasses.
pub(crate) fn kind<'a, 'py>(value: &'a Bound<'py, PyAny>) -> Kind<'a, 'py> {
    if let Ok(text) = value.cast_exact::<PyString>() {
        return string(text);
    }
    if value.is_exact_instance_of::<PyInt>() {
        return Kind::Int(value);
    }
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        return Kind::Dict(dict);
    }
    if let Ok(list) = value.cast_exact::<PyList>() {
        return Kind::List(list);
    }
    if let Ok(flag) = value.cast_exact::<PyBool>() {
        return Kind::Bool(flag.is_true());
    }
    if let Ok(float) = value.cast_exact::<PyFloat>() {
        return number(float.value());
    }
    if value.is_none() {
        return Kind::Null;
    }
    other(value)
}

fn string<'a, 'py>(text: &'a Bound<'py, PyString>) -> Kind<'a, 'py> {
    if text.to_str().is_ok() { Kind::Text(text) } else { Kind::Foreign("str with lone surrogates") }
}

fn number<'a, 'py>(value: f64) -> Kind<'a, 'py> {
    if value.is_nan() {
        Kind::Foreign("NaN")
    } else if value.is_infinite() {
        Kind::Foreign("infinity")
    } else {
        Kind::Float(value)
    }
}

fn other<'a, 'py>(value: &'a Bound<'py, PyAny>) -> Kind<'a, 'py> {
    if let Ok(text) = value.cast::<PyString>() {
        return string(text);
    }
    if value.is_instance_of::<PyInt>() {
        return Kind::Int(value);
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        return Kind::Dict(dict);
    }
    if let Ok(list) = value.cast::<PyList>() {
        return Kind::List(list);
    }
    if let Ok(tuple) = value.cast::<PyTuple>() {
        return Kind::Tuple(tuple);
    }
    if let Ok(float) = value.cast::<PyFloat>() {
        return number(float.value());
    }
    if value.is_instance_of::<PyDate>() || value.is_instance_of::<PyTime>() {
        let text = value.call_method0("isoformat").and_then(|text| text.extract());
        return text.map_or(Kind::Foreign("date"), Kind::Date);
    }
    // Whole numbers of other libraries, NumPy's among them, say so by `__index__`.
    if index(value).is_some() {
        return Kind::Int(value);
    }
    Kind::Foreign(type_name(value))
}

/// The whole number that an object stands for.
pub(crate) fn index<'py>(value: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    if value.is_instance_of::<PyInt>() {
        return Some(value.clone());
    }
    value.lookup_special_index()
}

trait LookupIndex<'py> {
    fn lookup_special_index(&self) -> Option<Bound<'py, PyAny>>;
}

impl<'py> LookupIndex<'py> for Bound<'py, PyAny> {
    fn lookup_special_index(&self) -> Option<Bound<'py, PyAny>> {
        let method = self.get_type().getattr("__index__").ok()?;
        method.call1((self,)).ok()
    }
}

/// What [`type_name`] says of a type that it does not know.
pub(crate) const UNKNOWN: &str = "Python object";

/// Types of the standard library and of what is used beside it, by the name that a message shows.
fn type_name(value: &Bound<'_, PyAny>) -> &'static str {
    const KNOWN: [&str; 16] = [
        "set",
        "frozenset",
        "bytes",
        "bytearray",
        "Decimal",
        "timedelta",
        "UUID",
        "complex",
        "function",
        "generator",
        "range",
        "DataFrame",
        "Series",
        "ndarray",
        "PosixPath",
        "Fraction",
    ];
    let name = value.get_type().name().map(|name| name.to_string()).unwrap_or_default();
    KNOWN.iter().find(|known| **known == name).copied().unwrap_or(UNKNOWN)
}

/// A whole number: exact within 128 bits, else the nearest double; `None` beyond all doubles.
pub(crate) fn whole(value: &Bound<'_, PyAny>) -> Option<Number> {
    let int = index(value)?;
    if let Ok(small) = int.extract::<i64>() {
        return Some(Number::Int(i128::from(small)));
    }
    if let Ok(large) = int.extract::<i128>() {
        return Some(Number::Int(large));
    }
    int.extract::<f64>().ok().filter(|value| value.is_finite()).map(Number::Float)
}

impl<'py> Object<'py> {
    pub(crate) fn new(value: Bound<'py, PyAny>) -> Self {
        Self { value, bad_name: false }
    }

    fn member(name: &Bound<'py, PyAny>, value: Bound<'py, PyAny>) -> (Text<'py>, Self) {
        match name.cast::<PyString>() {
            Ok(name) if name.to_str().is_ok() => (Text::Python(name.clone()), Self::new(value)),
            _ => (Text::Own(shown_name(name)), Self { value, bad_name: true }),
        }
    }
}

/// A member's name that is no text, for a path.
pub(crate) fn shown_name(name: &Bound<'_, PyAny>) -> String {
    name.repr().map_or_else(|_| "?".to_owned(), |text| text.to_string_lossy().chars().take(40).collect())
}

impl<'py> Instance for Object<'py> {
    type Text = Text<'py>;

    fn view(&self) -> View<Text<'py>> {
        if self.bad_name {
            return View::Foreign("object whose names are not all text");
        }
        match kind(&self.value) {
            Kind::Null => View::Null,
            Kind::Bool(flag) => View::Bool(flag),
            Kind::Int(int) => {
                whole(int).map_or(View::Foreign("whole number beyond all doubles"), View::Number)
            }
            Kind::Float(value) => View::Number(Number::Float(value)),
            Kind::Text(text) => View::String(Text::Python(text.clone())),
            Kind::Date(text) => View::String(Text::Own(text)),
            Kind::List(_) | Kind::Tuple(_) => View::Array,
            Kind::Dict(_) => View::Object,
            Kind::Foreign(name) => View::Foreign(name),
        }
    }

    fn len(&self) -> usize {
        match kind(&self.value) {
            Kind::List(list) => list.len(),
            Kind::Tuple(tuple) => tuple.len(),
            Kind::Dict(dict) => dict.len(),
            _ => 0,
        }
    }

    fn get(&self, name: &str) -> Option<Self> {
        let dict = self.value.cast::<PyDict>().ok()?;
        dict.get_item(name).ok().flatten().map(Self::new)
    }

    fn items(&self) -> impl Iterator<Item = Self> {
        let list = self.value.cast::<PyList>().ok().cloned();
        let tuple = self.value.cast::<PyTuple>().ok().cloned();
        let list = list.into_iter().flatten();
        list.chain(tuple.into_iter().flatten()).map(Self::new)
    }

    fn members(&self) -> impl Iterator<Item = (Text<'py>, Self)> {
        let dict = self.value.cast::<PyDict>().ok().cloned();
        dict.into_iter().flatten().map(|(name, value)| Self::member(&name, value))
    }
}

/// The identity of an object, to find one that contains itself.
pub(crate) fn identity(value: &Bound<'_, PyAny>) -> *mut ffi::PyObject {
    value.as_ptr()
}
