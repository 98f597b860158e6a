//! Schemas of the document, made from the same tables that requests are checked against.

use super::render::WAIT_STATE_HEAD;
use history::query::{Entity, Field, Kind};
use utoipa::openapi::schema::{AdditionalProperties, SchemaType, Type};
use utoipa::openapi::{
    ArrayBuilder, KnownFormat, Object, ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat,
};

/// Names the body and the answer of a search in the document.
macro_rules! listed {
    ($query:ident, $found:ident, $entity:expr) => {
        struct $query;
        struct $found;
        $crate::rest::search::schema::described!($query, schema::request(&$entity));
        $crate::rest::search::schema::described!($found, schema::answer(&$entity));
    };
}

/// Names one row in the document.
macro_rules! shown {
    ($shown:ident, $entity:expr) => {
        struct $shown;
        $crate::rest::search::schema::described!($shown, schema::item(&$entity));
    };
}

macro_rules! described {
    ($name:ident, $schema:expr) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(super) use {described, listed, shown};

/// Other spellings of the same are taken, too.
const ORDERS: [&str; 4] = ["ASC", "DESC", "asc", "desc"];

/// The body of a search.
pub fn request(entity: &Entity) -> RefOr<Schema> {
    let sorts = entity.names(|field| field.sort);
    let sort = ObjectBuilder::new()
        .property("field", ObjectBuilder::new().schema_type(Type::String).enum_values(Some(sorts)))
        .required("field")
        .property("order", text().enum_values(Some(ORDERS)))
        .additional_properties(Some(closed()));
    let number = |most: u32| {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        number.minimum(Some(0)).maximum(Some(most))
    };
    let limit = number(history::limits::PAGE_ITEMS_MAX);
    let page = ObjectBuilder::new()
        .property("limit", limit.default(Some(history::limits::PAGE_ITEMS.into())))
        .property("from", number(u32::MAX))
        .property("after", text())
        .property("before", text())
        .description(Some("`from`, or one of the cursors of an earlier page"))
        .additional_properties(Some(closed()));
    let object = ObjectBuilder::new()
        .property("filter", filter(entity))
        .property("sort", ArrayBuilder::new().items(sort))
        .property("page", page)
        .additional_properties(Some(closed()));
    object.into()
}

/// What a search answers.
pub fn answer(entity: &Entity) -> RefOr<Schema> {
    let page = ObjectBuilder::new()
        .property("totalItems", ObjectBuilder::new().schema_type(Type::Integer))
        .property("hasMoreTotalItems", ObjectBuilder::new().schema_type(Type::Boolean))
        .property("startCursor", nullable(Type::String))
        .property("endCursor", nullable(Type::String))
        .required("totalItems")
        .required("hasMoreTotalItems")
        .required("startCursor")
        .required("endCursor");
    let object = ObjectBuilder::new()
        .property("items", ArrayBuilder::new().items(item(entity)))
        .property("page", page)
        .required("items")
        .required("page");
    object.into()
}

/// One row.
pub fn item(entity: &Entity) -> RefOr<Schema> {
    let of_waits = entity.fields.iter().find(|field| field.name == "waitStateType");
    let of_waits = of_waits.filter(|_| entity.name == history::entity::WAIT_STATE.name);
    let head = |field: &&Field| of_waits.is_none() || WAIT_STATE_HEAD.contains(&field.name);
    let mut object = ObjectBuilder::new();
    for field in entity.fields.iter().filter(|field| field.show).filter(head) {
        object = object.property(field.name, shown_as(field)).required(field.name);
    }
    if let Some(kind) = of_waits {
        let details = ObjectBuilder::new().property(kind.name, shown_as(kind)).required(kind.name);
        object = object.property("details", details).required("details");
    }
    object.into()
}

/// The conditions that a list takes.
pub fn filter(entity: &Entity) -> RefOr<Schema> {
    let object = fields(entity);
    let alternative = fields(entity);
    object.property("$or", ArrayBuilder::new().items(alternative)).into()
}

fn fields(entity: &Entity) -> ObjectBuilder {
    let object = ObjectBuilder::new().additional_properties(Some(closed()));
    entity.filters().fold(object, |object, field| object.property(field.name, condition(field)))
}

fn shown_as(field: &Field) -> RefOr<Schema> {
    let kind = match field.kind {
        Kind::Key | Kind::Text | Kind::Date | Kind::Name(_) => Type::String,
        Kind::Int => Type::Integer,
        Kind::Flag => Type::Boolean,
        Kind::Tags | Kind::Member => return ArrayBuilder::new().items(text()).into(),
        Kind::Variables => Type::Object,
        Kind::Json => return ObjectBuilder::new().schema_type(SchemaType::AnyValue).into(),
    };
    if field.nullable {
        nullable(kind).into()
    } else {
        ObjectBuilder::new().schema_type(kind).into()
    }
}

fn condition(field: &Field) -> RefOr<Schema> {
    let operators = field.kind.operators();
    let plain = || -> ObjectBuilder {
        match field.kind {
            Kind::Int => ObjectBuilder::new().schema_type(Type::Integer),
            Kind::Flag => ObjectBuilder::new().schema_type(Type::Boolean),
            Kind::Key => text().pattern(Some("^-?[0-9]{1,18}$")),
            Kind::Date => text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
            Kind::Name(names) => text().enum_values(Some(names.iter().copied())),
            Kind::Text | Kind::Tags | Kind::Member | Kind::Json | Kind::Variables => text(),
        }
    };
    match field.kind {
        Kind::Tags => ArrayBuilder::new().items(text()).into(),
        Kind::Variables => {
            let one = ObjectBuilder::new()
                .property("name", text())
                .property("value", operated(operators, &text))
                .property("path", text().description(Some("where inside the value")))
                .required("name")
                .required("value")
                .additional_properties(Some(closed()));
            ArrayBuilder::new().items(one).into()
        }
        Kind::Flag | Kind::Json => plain().into(),
        Kind::Key | Kind::Text | Kind::Member | Kind::Int | Kind::Date | Kind::Name(_) => {
            operated(operators, &plain)
        }
    }
}

/// A plain value, or an object of operators.
fn operated(operators: &[&str], plain: &dyn Fn() -> ObjectBuilder) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new().additional_properties(Some(closed()));
    for operator in operators {
        object = match *operator {
            "$exists" => {
                object.property(*operator, ObjectBuilder::new().schema_type(Type::Boolean))
            }
            "$in" | "$notIn" => object.property(*operator, ArrayBuilder::new().items(plain())),
            "$like" => object.property(*operator, text()),
            _ => object.property(*operator, plain()),
        };
    }
    OneOfBuilder::new().item(plain()).item(object).into()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn nullable(kind: Type) -> Object {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([kind, Type::Null])).build()
}

/// Nothing else.
fn closed() -> AdditionalProperties<Schema> {
    AdditionalProperties::FreeForm(false)
}
