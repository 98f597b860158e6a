//! Many rows a statement. A table is written in pieces of a few fixed sizes, so that the number of
//! prepared statements stays small.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe};

use crate::error::{Error, Result};

/// How many rows a statement takes; the rest goes by the next size.
const SIZES: [usize; 4] = [128, 16, 4, 1];

/// A statement around a list of rows.
#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
pub(crate) struct Statement {
    pub head: &'static str,
    /// Values of one row.
    pub columns: usize,
    pub tail: &'static str,
    /// Does it answer with rows?
    pub returns: bool,
}

/// Binds the values of one row, in order.
pub(crate) struct Binder<'a> {
    arguments: &'a mut SqliteArguments,
    failed: Option<String>,
    bound: usize,
}

impl Binder<'_> {
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.add(value)
    }

    pub fn maybe(&mut self, value: Option<i64>) -> &mut Self {
        self.add(value)
    }

    pub fn real(&mut self, value: Option<f64>) -> &mut Self {
        self.add(value)
    }

    pub fn text(&mut self, value: &Arc<str>) -> &mut Self {
        self.add(value.clone())
    }

    pub fn maybe_text(&mut self, value: &Option<Arc<str>>) -> &mut Self {
        self.add(value.clone())
    }

    pub fn string(&mut self, value: String) -> &mut Self {
        self.add(value)
    }

    pub fn maybe_string(&mut self, value: Option<String>) -> &mut Self {
        self.add(value)
    }

    pub fn bytes(&mut self, value: Vec<u8>) -> &mut Self {
        self.add(value)
    }

    fn add<'t, T: sqlx::Encode<'t, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>>(
        &mut self,
        value: T,
    ) -> &mut Self {
        self.bound += 1;
        if let Err(error) = self.arguments.add(value) {
            self.failed = Some(error.to_string());
        }
        self
    }
}

/// Texts of statements that were put together before.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    texts: HashMap<(Statement, usize), Arc<str>>,
}

impl Statements {
    /// Writes all rows; returns what the statements return.
    pub async fn write<R>(
        &mut self,
        connection: &mut SqliteConnection,
        statement: Statement,
        rows: impl ExactSizeIterator<Item = R>,
        bind: impl Fn(R, &mut Binder<'_>),
    ) -> Result<Vec<SqliteRow>> {
        let mut left = rows.len();
        let mut rows = rows;
        let mut returned = Vec::new();
        while left > 0 {
            let size = SIZES.into_iter().find(|size| *size <= left).unwrap_or(1);
            let mut arguments = SqliteArguments::default();
            arguments.reserve(size * statement.columns, 0);
            for row in rows.by_ref().take(size) {
                let mut binder = Binder { arguments: &mut arguments, failed: None, bound: 0 };
                bind(row, &mut binder);
                debug_assert_eq!(binder.bound, statement.columns, "{}", statement.head);
                if let Some(failed) = binder.failed {
                    return Err(Error::store(format!("a value cannot be stored: {failed}")));
                }
            }
            let text = self.text(statement, size);
            let query = sqlx::query_with(AssertSqlSafe(text), arguments);
            if statement.returns {
                returned.extend(query.fetch_all(&mut *connection).await?);
            } else {
                query.execute(&mut *connection).await?;
            }
            left -= size;
        }
        Ok(returned)
    }

    fn text(&mut self, statement: Statement, size: usize) -> Arc<str> {
        let build = || {
            let row = format!("({})", vec!["?"; statement.columns].join(","));
            let rows = vec![row; size].join(",");
            format!("{}{rows}{}", statement.head, statement.tail).into()
        };
        self.texts.entry((statement, size)).or_insert_with(build).clone()
    }
}
