//! What names of columns hint at. A hint weighs at most 1; a behaviour that speaks against it wins.

use super::super::expr::Expr;
use super::last_name;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Kind,
    Case,
    Time,
    Id,
    Sender,
    Correlation,
    Variables,
}

/// Names without punctuation and in lower case, with their weight.
type Names = &'static [(&'static str, f64)];

const KIND: Names = &[
    ("messagetype", 1.0),
    ("eventtype", 1.0),
    ("type", 1.0),
    ("activity", 1.0),
    ("conceptname", 1.0),
    ("eventname", 1.0),
    ("event", 0.9),
    ("activityname", 0.9),
    ("action", 0.8),
    ("messagename", 0.8),
    ("step", 0.7),
    ("task", 0.7),
    ("eventkind", 0.9),
    ("kind", 0.8),
    ("stage", 0.6),
    ("phase", 0.6),
    ("name", 0.6),
    ("status", 0.6),
    ("state", 0.5),
    ("operation", 0.5),
    ("op", 0.4),
];

const CASE: Names = &[
    ("traceid", 1.0),
    ("caseid", 1.0),
    ("caseconceptname", 1.0),
    ("case", 0.9),
    ("processinstanceid", 0.9),
    ("processid", 0.7),
    ("orderid", 0.8),
    ("order", 0.6),
    ("ordernumber", 0.8),
    ("ticketid", 0.7),
    ("requestid", 0.5),
    ("journeyid", 0.8),
    ("workflowid", 0.8),
    ("streamid", 0.7),
    ("sagaid", 0.8),
    ("businesskey", 0.8),
    ("instanceid", 0.7),
    ("subject", 0.7),
    ("entityid", 0.7),
    ("aggregateid", 0.7),
    ("transactionid", 0.6),
    ("correlationid", 0.4),
    ("key", 0.4),
    ("id", 0.3),
];

const TIME: Names = &[
    ("timestamp", 1.0),
    ("time", 1.0),
    ("timetimestamp", 1.0),
    ("eventtime", 1.0),
    ("occurredat", 1.0),
    ("eventtimestamp", 1.0),
    ("datetime", 0.9),
    ("happenedat", 0.9),
    ("createdat", 0.8),
    ("ts", 0.8),
    ("tsms", 0.8),
    ("at", 0.8),
    ("eventts", 0.9),
    ("occurred", 0.8),
    ("occurredon", 0.9),
    ("recorded", 0.7),
    ("published", 0.6),
    ("created", 0.6),
    ("createdon", 0.7),
    ("epoch", 0.7),
    ("when", 0.8),
    ("date", 0.7),
    ("completetimestamp", 0.9),
    ("endtime", 0.7),
    ("starttime", 0.6),
];

const ID: Names = &[
    ("id", 1.0),
    ("eventid", 1.0),
    ("messageid", 1.0),
    ("uuid", 0.9),
    ("eventuuid", 0.9),
    ("recordid", 0.8),
    ("conceptinstance", 0.8),
    ("guid", 0.7),
];

const SENDER: Names = &[
    ("sender", 1.0),
    ("source", 1.0),
    ("service", 0.9),
    ("producer", 0.9),
    ("publisher", 0.8),
    ("origin", 0.7),
    ("application", 0.6),
    ("app", 0.6),
    ("component", 0.5),
    ("system", 0.5),
];

const CORRELATION: Names = &[
    ("correlationid", 1.0),
    ("correlationkey", 1.0),
    ("commandid", 0.7),
    ("causationid", 0.7),
    ("requestid", 0.6),
];

const VARIABLES: Names = &[
    ("data", 1.0),
    ("payload", 1.0),
    ("body", 0.9),
    ("variables", 0.9),
    ("attributes", 0.7),
    ("content", 0.7),
    ("detail", 0.7),
    ("details", 0.7),
    ("properties", 0.6),
    ("after", 0.6),
];

/// Ends of names that point to something.
const REFERENCES: [&str; 6] = ["id", "key", "number", "nr", "no", "ref"];

/// Ends of names that say in which unit a time is counted.
const UNITS: [&str; 9] =
    ["tsms", "tsus", "tsns", "timems", "timeus", "timens", "millis", "micros", "nanos"];

/// How much the name of `expr` speaks for `role`: 0 to 1.
pub(super) fn weight(role: Role, expr: &Expr) -> f64 {
    let name: String = last_name(expr)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let names = match role {
        Role::Kind => KIND,
        Role::Case => CASE,
        Role::Time => TIME,
        Role::Id => ID,
        Role::Sender => SENDER,
        Role::Correlation => CORRELATION,
        Role::Variables => VARIABLES,
    };
    if let Some((_, weight)) = names.iter().find(|(known, _)| *known == name) {
        return *weight;
    }
    match role {
        Role::Case if REFERENCES.iter().any(|end| name.ends_with(end)) => 0.3,
        Role::Time if name.ends_with("at") || name.ends_with("time") => 0.5,
        Role::Time if name.contains("timestamp") => 0.7,
        Role::Time if UNITS.iter().any(|unit| name.ends_with(unit)) => 0.6,
        Role::Kind if name.ends_with("type") || name.ends_with("activity") => 0.5,
        _ => 0.0,
    }
}
