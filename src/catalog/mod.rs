//! The records this product is about: plain types and their rules, no I/O.
