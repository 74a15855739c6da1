//! A Sigma organisation in memory behind the same HTTP API, with faults.
