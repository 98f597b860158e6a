//! Fields: what a list shows, what may be asked of it, and where that stands in the tables.

use crate::names::Names;

/// A list that can be searched.
#[derive(Debug, Clone, Copy)]
pub struct Entity {
    /// As it reads in messages.
    pub name: &'static str,
    /// Table and alias.
    pub(crate) from: &'static str,
    /// What names and ids are read from; left joins to unique rows, so that unused ones cost
    /// nothing.
    pub(crate) joins: &'static str,
    /// Unique; ends every order, so that pages are stable.
    pub(crate) key: &'static str,
    /// Rows that there are for clients; may be empty.
    pub(crate) base: &'static str,
    /// Indices that hold these columns equal and order by the last one.
    pub(crate) orders: &'static [(&'static [&'static str], &'static str)],
    /// Column of the definition, where there is one: filters by its properties are looked up first.
    pub(crate) definition: &'static str,
    /// Fields that it can be filtered by, where those are not all that `fields` says.
    pub(crate) only: &'static [&'static str],
    /// The list whose rows it counts: filters are over them, and stand in the table at `{rows}`.
    pub(crate) rows: Option<&'static Entity>,
    pub fields: &'static [Field],
}

/// One field of a list.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    /// Column or expression.
    pub(crate) sql: &'static str,
    pub filter: bool,
    pub sort: bool,
    /// Is it part of what a search answers?
    pub show: bool,
    pub nullable: bool,
    /// Where `sql` speaks of rows of another table: the beginning of a selection that gives keys
    /// of this list. Conditions on the same selection must hold for one and the same row.
    pub(crate) inside: &'static str,
    /// `sql` speaks of the definition `d` only.
    pub(crate) of_definition: bool,
    /// Columns that order rows which are equal in this one, before the key does: those that stand
    /// behind it in its index, so that a sort by it alone is read as the index has it.
    pub(crate) ties: &'static [&'static str],
    /// Column of the moment that this one is never before; rows where it is have an index.
    pub(crate) since: &'static str,
    /// No index has it: rows are looked at one by one until the page is full, which takes seconds
    /// where millions are there and few fit. An index is paid for by every row that is written.
    pub walked: bool,
}

/// How a field is stored and written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A key: a number in the tables, a string for clients.
    Key,
    Text,
    Int,
    Flag,
    /// Milliseconds since 1970 in the tables.
    Date,
    /// Small number in the tables, a name for clients.
    Name(Names),
    /// `|a|b|` in the tables; a filter asks for all of its tags.
    Tags,
    /// As tags; a filter asks for one of its names, as it would for a text.
    Member,
    /// JSON text that is passed on as it is.
    Json,
    /// Conditions on variables; see [`crate::query::VariableTest`].
    Variables,
}

impl Field {
    pub(crate) const fn new(name: &'static str, kind: Kind, sql: &'static str) -> Field {
        Field {
            name,
            kind,
            sql,
            filter: true,
            sort: true,
            show: true,
            nullable: false,
            inside: "",
            of_definition: false,
            ties: &[],
            since: "",
            walked: false,
        }
    }

    pub(crate) const fn key(name: &'static str, sql: &'static str) -> Field {
        Field::new(name, Kind::Key, sql)
    }

    pub(crate) const fn text(name: &'static str, sql: &'static str) -> Field {
        Field::new(name, Kind::Text, sql)
    }

    pub(crate) const fn int(name: &'static str, sql: &'static str) -> Field {
        Field::new(name, Kind::Int, sql)
    }

    pub(crate) const fn flag(name: &'static str, sql: &'static str) -> Field {
        Field::new(name, Kind::Flag, sql)
    }

    pub(crate) const fn date(name: &'static str, sql: &'static str) -> Field {
        Field::new(name, Kind::Date, sql)
    }

    pub(crate) const fn named(name: &'static str, sql: &'static str, names: Names) -> Field {
        Field::new(name, Kind::Name(names), sql)
    }

    pub(crate) const fn nullable(self) -> Field {
        Field { nullable: true, ..self }
    }

    pub(crate) const fn shown_only(self) -> Field {
        Field { filter: false, sort: false, ..self }
    }

    pub(crate) const fn no_sort(self) -> Field {
        Field { sort: false, ..self }
    }

    pub(crate) const fn no_filter(self) -> Field {
        Field { filter: false, ..self }
    }

    pub(crate) const fn hidden(self) -> Field {
        Field { show: false, ..self }
    }

    /// Asked of rows of another table; neither shown nor sorted by.
    pub(crate) const fn inside(self, inside: &'static str) -> Field {
        Field { show: false, sort: false, inside, ..self }
    }

    /// Conditions on variables of this scope alone.
    pub fn is_local(&self) -> bool {
        self.kind == Kind::Variables && self.sql == "local"
    }

    /// What rows are sorted by, or is asked of another table, says whether it may be missing.
    pub(crate) fn is_always_there(&self) -> bool {
        !self.nullable && (self.sort || !self.inside.is_empty())
    }

    pub(crate) const fn tied(self, ties: &'static [&'static str]) -> Field {
        Field { ties, ..self }
    }

    pub(crate) const fn since(self, since: &'static str) -> Field {
        Field { since, ..self }
    }

    pub(crate) const fn walked(self) -> Field {
        Field { walked: true, ..self }
    }

    pub(crate) const fn of_definition(self) -> Field {
        Field { of_definition: true, ..self }
    }
}

impl Entity {
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field of a filter.
    pub fn filtered(&self, name: &str) -> Option<&'static Field> {
        self.filters().find(|field| field.name == name)
    }

    /// The fields that it can be filtered by.
    pub fn filters(&self) -> impl Iterator<Item = &'static Field> {
        let (all, only) = match self.rows {
            Some(rows) => (rows.fields, rows.only),
            None => (self.fields, self.only),
        };
        let asked = move |field: &&Field| only.is_empty() || only.contains(&field.name);
        all.iter().filter(|field| field.filter).filter(asked)
    }

    /// Their names, for whoever asked by another.
    pub fn filter_names(&self) -> Vec<&'static str> {
        self.filters().map(|field| field.name).collect()
    }

    /// The field of a sort.
    pub fn sorted(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name && field.sort)
    }

    /// The field that is the key.
    pub fn key_name(&self) -> Option<&'static str> {
        self.fields.iter().find(|field| field.sql == self.key).map(|field| field.name)
    }

    /// The selection of the rows that are not shown, where `base` says which those are.
    pub(crate) fn unshown(&self) -> Option<&'static str> {
        let list = self.base.strip_prefix(self.key)?.strip_prefix(" NOT IN (")?;
        list.strip_suffix(')')
    }

    /// Names of the fields that pass.
    pub fn names(&self, pass: impl Fn(&Field) -> bool) -> Vec<&'static str> {
        self.fields.iter().filter(|field| pass(field)).map(|field| field.name).collect()
    }
}
