//! Parameters from the command line.

use crate::args::ParamArgs;
use crate::failure::Failure;
use serde_json::{Map, Value};

/// The parameters of `--params`, with those of `--param` over them.
pub(crate) fn read(args: &ParamArgs) -> Result<Value, Failure> {
    let mut params = match &args.object {
        None => Map::new(),
        Some(text) => match serde_json::from_str(text) {
            Ok(Value::Object(params)) => params,
            Ok(_) => {
                return Err(Failure::usage("--params is not a JSON object; write {\"name\": \"value\"}"));
            }
            Err(e) => return Err(Failure::usage(format!("--params is not valid JSON: {e}"))),
        },
    };
    for pair in &args.pairs {
        let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::usage(format!("--param {pair:?} is not of the form K=V")));
        };
        params.insert(name.to_owned(), Value::from(value));
    }
    Ok(Value::Object(params))
}
