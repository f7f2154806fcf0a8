//! A connection through the `postgres` crate.

use postgres::{Client, NoTls, SimpleQueryMessage};

use super::{Answers, LiveError};

/// A connection to a server.
pub struct Postgres {
    client: Client,
}

impl Postgres {
    /// Connects without encryption, as a connection string or URL says.
    ///
    /// # Errors
    ///
    /// When the string is not understood or the server cannot be reached.
    pub fn connect(parameters: &str) -> Result<Self, LiveError> {
        let client = Client::connect(parameters, NoTls).map_err(said)?;
        Ok(Postgres { client })
    }
}

impl Answers for Postgres {
    fn answer(&mut self, script: &str) -> Result<Vec<String>, LiveError> {
        let messages = self.client.simple_query(script).map_err(said)?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None, // How many rows there were.
        });
        Ok(rows.collect())
    }
}

fn said(error: postgres::Error) -> LiveError {
    let message = error
        .as_db_error()
        .map_or_else(|| error.to_string(), |it| it.message().to_owned());
    LiveError::Server(message)
}
