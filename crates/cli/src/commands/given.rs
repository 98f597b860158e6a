//! Variables of a command.

use clap::Args;
use value::Packed;

use crate::Failure;

#[derive(Args)]
pub struct Given {
    /// A variable with its value as JSON: `--var total=120.5`, `--var 'name="Ada"'`.
    #[arg(long = "var", value_name = "NAME=JSON")]
    variables: Vec<String>,
    /// Variables as a JSON object, or @FILE.
    #[arg(long, value_name = "JSON", default_value = "{}", alias = "variables")]
    variables_from: String,
}

impl Given {
    /// All of them; those that are given one by one come last and win.
    pub fn read(&self) -> Result<Vec<(String, Packed)>, Failure> {
        let read;
        let text = match self.variables_from.strip_prefix('@') {
            Some(path) => {
                read = std::fs::read_to_string(path)
                    .map_err(|error| Failure(format!("{path}: {error}")))?;
                &read
            }
            None => &self.variables_from,
        };
        let object = value::object_from_json(text).map_err(|error| {
            Failure(format!("expected the variables to be a JSON object, but {error}"))
        })?;
        let mut variables: Vec<(String, Packed)> =
            object.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        for given in &self.variables {
            let named = given.split_once('=').filter(|(name, _)| !name.is_empty());
            let (name, text) = named
                .ok_or_else(|| Failure(format!("expected --var NAME=JSON, but found '{given}'")))?;
            variables.push((name.to_owned(), json(&format!("--var {name}"), text)?));
        }
        Ok(variables)
    }
}

/// A value of an option.
pub fn json(what: &str, text: &str) -> Result<Packed, Failure> {
    Packed::from_json(text).map_err(|error| {
        let quoted = serde_json::Value::from(text);
        Failure(format!("{what}: {error}; a text is written with quotes, as {quoted}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_word_is_no_json() {
        let Err(Failure(message)) = json("--var a", "Ada") else { panic!("it is none") };
        assert!(message.ends_with("as \"Ada\""), "{message}");
    }
}
