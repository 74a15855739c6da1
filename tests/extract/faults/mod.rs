//! What a whole run makes of a server that fails: each scope ends as it should, nothing that may still be there is removed,
//! and the exit code tells. The runs are made inside this process, so that waits between attempts can be over at once.

mod answers;
#[path = "../../client/certificates.rs"]
mod certificates;
mod circuit;
mod front;
mod listings;
mod one_workbook;
#[path = "../../client/support.rs"]
#[expect(dead_code, reason = "the server can misbehave in more ways than needed here")]
mod support;
mod tls;
mod together;
mod world;
