//! For tests of whoever reads: a store whose writer waits.

use std::path::Path;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::error::Result;

/// While it lives, the writer of the store waits for it, up to 30 s; readers do not.
#[derive(Debug)]
pub struct Hold(SqliteConnection);

impl Hold {
    /// Takes the writer's place once it has written what it is at.
    ///
    /// # Errors
    /// A store that cannot be opened.
    pub async fn new(path: &Path) -> Result<Hold> {
        let mut connection =
            SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
        Ok(Hold(connection))
    }

    /// Gives the place back.
    ///
    /// # Errors
    /// A store that is gone.
    pub async fn release(self) -> Result<()> {
        Ok(self.0.close().await?)
    }
}
