//! SQLite: migrations, the one writer, publish, run ledger, queries.
