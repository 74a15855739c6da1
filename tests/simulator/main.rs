//! The simulator keeps its promises: it answers as Sigma's API reference says, and as broken as it is told to.
mod changes;
mod client;
mod contents;
mod faults;
mod kinds;
mod paging;
mod permissions;
mod tokens;
mod world;
