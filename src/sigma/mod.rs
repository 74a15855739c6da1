//! The Sigma REST API as a typed client: what is on the wire and how to ask politely.
