//! The macros that declare definition types: structs and enumerations that read and write themselves, with serde.

/// Declares a definition type: a struct whose fields read and write themselves, with an `unknown` map for the rest,
/// and serde for it. A field of a type with `Wire::absent` is optional; the others are required.
macro_rules! wire_struct {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$fdoc:meta])* pub $field:ident : $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $ty,)*
            /// Fields that this version does not know, as they came.
            pub unknown: $crate::value::Map<String, $crate::value::Value>,
        }

        impl $name {
            /// The names of the fields that this version knows, in the order of the reference.
            pub const FIELDS: &'static [&'static str] = &[$(stringify!($field)),*];
        }

        impl $crate::job::wire::Wire for $name {
            const KIND: $crate::job::wire::Kind = {
                static SHAPE: $crate::job::wire::Shape = $crate::job::wire::Shape(&[$($crate::job::wire::Field {
                    name: stringify!($field),
                    kind: <$ty as $crate::job::wire::Wire>::KIND,
                    optional: <$ty as $crate::job::wire::Wire>::OPTIONAL,
                }),*]);
                $crate::job::wire::Kind::Object(&SHAPE)
            };

            fn read(
                value: &$crate::value::Value,
                path: &$crate::job::wire::Path<'_>,
                problems: &mut Vec<$crate::problem::Problem>,
            ) -> Option<Self> {
                let $crate::value::Value::Object(object) = value else {
                    problems.push($crate::job::wire::wrong_type(value, path, Self::KIND.wanted()));
                    return None;
                };
                // Every field is read before any missing one ends the reading, so that all problems are found.
                $(let $field = $crate::job::wire::field::<$ty>(object, stringify!($field), path, problems);)*
                let unknown = object
                    .iter()
                    .filter(|(key, _)| !Self::FIELDS.contains(&key.as_str()))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                Some(Self { $($field: $field.or_else(<$ty as $crate::job::wire::Wire>::stand_in)?,)* unknown })
            }

            fn stand_in() -> Option<Self> {
                let empty = $crate::value::Value::Object($crate::value::Map::new());
                Self::read(&empty, &$crate::job::wire::Path::Root, &mut Vec::new())
            }

            fn write(&self) -> $crate::value::Value {
                let mut object = $crate::value::Map::new();
                $(if !$crate::job::wire::Wire::is_absent(&self.$field) {
                    object.insert(stringify!($field).to_owned(), $crate::job::wire::Wire::write(&self.$field));
                })*
                object.extend(self.unknown.clone());
                $crate::value::Value::Object(object)
            }
        }

        $crate::job::wire::wire_serde!($name);
    };
}

/// Declares an enumeration of wire texts; a text outside the list is kept in `Other`.
macro_rules! open_enum {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
            /// A value that this version does not know, as it came.
            Other(String),
        }

        impl $name {
            /// The known texts.
            pub const KNOWN: &'static [&'static str] = &[$($text),*];

            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $text,)* Self::Other(text) => text }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text { $($text => Self::$variant,)* other => Self::Other(other.to_owned()) }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::job::wire::Wire for $name {
            const KIND: $crate::job::wire::Kind = $crate::job::wire::Kind::Choice(Self::KNOWN);

            fn read(
                value: &$crate::value::Value,
                path: &$crate::job::wire::Path<'_>,
                problems: &mut Vec<$crate::problem::Problem>,
            ) -> Option<Self> {
                <String as $crate::job::wire::Wire>::read(value, path, problems).map(|text| Self::from(text.as_str()))
            }
            fn write(&self) -> $crate::value::Value {
                $crate::value::Value::from(self.as_str())
            }
            fn stand_in() -> Option<Self> {
                Some(Self::Other(String::new()))
            }
        }

        $crate::job::wire::wire_serde!($name);
    };
}

/// Gives a `Wire` type serde's traits, so that it can stand inside derived types. Reading fails on the first problem.
macro_rules! wire_serde {
    ($name:ident) => {
        #[cfg(feature = "whole")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::job::wire::Wire::write(self).serialize(serializer)
            }
        }

        #[cfg(feature = "whole")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                let mut problems = Vec::new();
                let read =
                    $crate::job::wire::Wire::read(&value, &$crate::job::wire::Path::Root, &mut problems);
                match (read, problems.into_iter().next()) {
                    (Some(read), None) => Ok(read),
                    (_, Some(problem)) => Err(serde::de::Error::custom(problem)),
                    (None, None) => Err(serde::de::Error::custom(concat!("not a ", stringify!($name)))),
                }
            }
        }
    };
}

pub(crate) use {open_enum, wire_serde, wire_struct};
