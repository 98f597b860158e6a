//! The table of built-ins: name, parameters, code. A table that is a table, so it is long.

use super::{BuiltIn, Run, Signature};
use super::{aggregates, boolean, contexts, conversion, lists, numbers, ranges, strings, temporal};

macro_rules! signature {
    ([$($name:literal),* ..]) => {
        Signature { names: &[$($name),*], takes_more: true }
    };
    ([$($name:literal),*]) => {
        Signature { names: &[$($name),*], takes_more: false }
    };
}

macro_rules! table {
    ($($name:literal $kind:ident $run:path: $($signature:tt)|+;)*) => {
        &[$(BuiltIn {
            name: $name,
            signatures: &[$(signature!($signature)),+],
            run: Run::$kind($run),
        }),*]
    };
}

/// Sorted by name.
static BUILT_INS: &[BuiltIn] = table! {
    "abs" Plain numbers::abs: ["n"] | ["number"];
    "after" Plain ranges::after:
        ["point1", "point2"] | ["range", "point"] | ["point", "range"] | ["range1", "range2"];
    "all" Plain aggregates::all: ["list"] | ["b1", "b2" ..];
    "and" Plain aggregates::all: ["list"] | ["b1", "b2" ..];
    "any" Plain aggregates::any: ["list"] | ["b1", "b2" ..];
    "append" Plain lists::append: ["list", "item" ..] | ["list", "items"];
    "assert" Plain boolean::assert: ["value", "condition"] | ["value", "condition", "cause"];
    "before" Plain ranges::before:
        ["point1", "point2"] | ["range", "point"] | ["point", "range"] | ["range1", "range2"];
    "ceiling" Plain numbers::ceiling: ["n"] | ["n", "scale"];
    "coincides" Plain ranges::coincides: ["point1", "point2"] | ["range1", "range2"];
    "concatenate" Plain lists::concatenate: ["list" ..] | ["lists"];
    "contains" Plain strings::contains: ["string", "match"];
    "context" Plain contexts::context: ["entries"];
    "context merge" Plain contexts::merge: ["contexts"] | ["context1", "context2" ..];
    "context put" Plain contexts::put:
        ["context", "key or keys", "value"] | ["context", "key", "value"]
        | ["context", "keys", "value"];
    "count" Plain aggregates::count: ["list"] | ["c1", "c2" ..];
    "date" Plain temporal::date: ["from"] | ["year", "month", "day"];
    "date and time" Plain temporal::date_and_time:
        ["from"] | ["date", "time"] | ["date", "timezone"]
        | ["year", "month", "day", "hour", "minute", "second"]
        | ["year", "month", "day", "hour", "minute", "second", "offset"]
        | ["year", "month", "day", "hour", "minute", "second", "timezone"];
    "day of week" Plain temporal::day_of_week: ["date"];
    "day of year" Plain temporal::day_of_year: ["date"];
    "decimal" Plain numbers::decimal: ["n", "scale"] | ["n", "scale", "mode"];
    "distinct values" Plain lists::distinct_values: ["list"];
    "duplicate values" Plain lists::duplicate_values: ["list"];
    "duration" Plain temporal::duration: ["from"];
    "during" Plain ranges::during: ["point", "range"] | ["range1", "range2"];
    "ends with" Plain strings::ends_with: ["string", "match"];
    "even" Plain numbers::even: ["number"] | ["n"];
    "every" Plain aggregates::all: ["list"];
    "exp" Plain numbers::exp: ["number"];
    "extract" Plain strings::extract: ["string", "pattern"];
    "finished by" Plain ranges::finished_by: ["range", "point"] | ["range1", "range2"];
    "finishes" Plain ranges::finishes: ["point", "range"] | ["range1", "range2"];
    "flatten" Plain lists::flatten: ["list"];
    "floor" Plain numbers::floor: ["n"] | ["n", "scale"];
    "from base64" Plain strings::from_base64: ["value"];
    "from json" Plain conversion::from_json: ["value"];
    "fromAi" Plain boolean::from_ai:
        ["value"] | ["value", "description"] | ["value", "description", "type"]
        | ["value", "description", "type", "schema"]
        | ["value", "description", "type", "schema", "options"];
    "get entries" Plain contexts::get_entries: ["m"] | ["context"];
    "get or else" Plain boolean::get_or_else: ["value", "default"];
    "get value" Plain contexts::get_value:
        ["m", "key"] | ["context", "key"] | ["context", "keys"];
    "includes" Plain ranges::includes: ["range", "point"] | ["range1", "range2"];
    "index of" Plain lists::index_of: ["list", "match"];
    "insert before" Plain lists::insert_before: ["list", "position", "newItem"];
    "is" Plain boolean::is: ["value1", "value2"];
    "is blank" Plain strings::is_blank: ["string"];
    "is defined" Plain boolean::is_defined: ["value"];
    "is empty" Plain lists::is_empty: ["list"];
    "last day of month" Plain temporal::last_day_of_month: ["date"];
    "list contains" Plain lists::list_contains: ["list", "element"];
    "list replace" Calling lists::list_replace:
        ["list", "position", "newItem"] | ["list", "match", "newItem"];
    "log" Plain numbers::log: ["number"];
    "lower case" Plain strings::lower_case: ["string"];
    "matches" Plain strings::matches: ["input", "pattern"] | ["input", "pattern", "flags"];
    "max" Plain aggregates::max: ["list"] | ["c1", "c2" ..];
    "mean" Plain aggregates::mean: ["list"] | ["n1", "n2" ..];
    "median" Plain aggregates::median: ["list"] | ["n1", "n2" ..];
    "meets" Plain ranges::meets: ["range1", "range2"];
    "met by" Plain ranges::met_by: ["range1", "range2"];
    "min" Plain aggregates::min: ["list"] | ["c1", "c2" ..];
    "mode" Plain aggregates::mode: ["list"] | ["n1", "n2" ..];
    "modulo" Plain numbers::modulo: ["dividend", "divisor"];
    "month of year" Plain temporal::month_of_year: ["date"];
    "not" Plain boolean::not: ["negand"];
    "now" Plain temporal::now: [];
    "number" Plain conversion::number:
        ["from"] | ["from", "grouping separator"]
        | ["from", "grouping separator", "decimal separator"];
    "odd" Plain numbers::odd: ["number"] | ["n"];
    "or" Plain aggregates::any: ["list"] | ["b1", "b2" ..];
    "overlaps" Plain ranges::overlaps: ["range1", "range2"];
    "overlaps after" Plain ranges::overlaps_after: ["range1", "range2"];
    "overlaps before" Plain ranges::overlaps_before: ["range1", "range2"];
    "partition" Plain lists::partition: ["list", "size"];
    "product" Plain aggregates::product: ["list"] | ["n1", "n2" ..];
    "put" Plain contexts::put:
        ["context", "key or keys", "value"] | ["context", "key", "value"]
        | ["context", "keys", "value"];
    "put all" Plain contexts::merge: ["contexts"] | ["context1", "context2" ..];
    "random number" Plain numbers::random_number: [];
    "range" Plain ranges::range: ["from"];
    "remove" Plain lists::remove: ["list", "position"];
    "replace" Plain strings::replace:
        ["input", "pattern", "replacement"] | ["input", "pattern", "replacement", "flags"];
    "reverse" Plain lists::reverse: ["list"];
    "round down" Plain numbers::round_down: ["n"] | ["n", "scale"];
    "round half down" Plain numbers::round_half_down: ["n"] | ["n", "scale"];
    "round half up" Plain numbers::round_half_up: ["n"] | ["n", "scale"];
    "round up" Plain numbers::round_up: ["n"] | ["n", "scale"];
    "sort" Calling lists::sort: ["list"] | ["list", "precedes"];
    "split" Plain strings::split: ["string", "delimiter"];
    "sqrt" Plain numbers::sqrt: ["number"];
    "started by" Plain ranges::started_by: ["range", "point"] | ["range1", "range2"];
    "starts" Plain ranges::starts: ["point", "range"] | ["range1", "range2"];
    "starts with" Plain strings::starts_with: ["string", "match"];
    "stddev" Plain aggregates::stddev: ["list"] | ["n1", "n2" ..];
    "string" Plain conversion::string: ["from"];
    "string join" Plain strings::string_join:
        ["list"] | ["list", "delimiter"] | ["list", "delimiter", "prefix", "suffix"];
    "string length" Plain strings::string_length: ["string"];
    "sublist" Plain lists::sublist:
        ["list", "start position"] | ["list", "start position", "length"];
    "substring" Plain strings::substring:
        ["string", "start position"] | ["string", "start position", "length"];
    "substring after" Plain strings::substring_after: ["string", "match"];
    "substring before" Plain strings::substring_before: ["string", "match"];
    "sum" Plain aggregates::sum: ["list"] | ["n1", "n2" ..];
    "time" Plain temporal::time:
        ["from"] | ["hour", "minute", "second"] | ["hour", "minute", "second", "offset"];
    "to base64" Plain strings::to_base64: ["value"];
    "to json" Plain conversion::to_json: ["value"];
    "today" Plain temporal::today: [];
    "trim" Plain strings::trim: ["string"];
    "union" Plain lists::union: ["list" ..] | ["lists"];
    "upper case" Plain strings::upper_case: ["string"];
    "uuid" Plain strings::uuid: [];
    "week of year" Plain temporal::week_of_year: ["date"];
    "years and months duration" Plain temporal::years_and_months_duration: ["from", "to"];
};

/// The built-in with that name.
pub(crate) fn find(name: &str) -> Option<&'static BuiltIn> {
    let at = BUILT_INS.binary_search_by(|own| own.name.cmp(name)).ok()?;
    BUILT_INS.get(at)
}

/// All names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    BUILT_INS.iter().map(|own| own.name)
}

#[cfg(test)]
mod tests {
    use super::BUILT_INS;

    #[test]
    fn the_table_is_sorted() {
        assert!(BUILT_INS.is_sorted_by(|left, right| left.name < right.name));
    }
}
