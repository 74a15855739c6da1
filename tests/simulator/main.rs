//! The simulator keeps its promises: it answers as Sigma's API reference says, and as broken as it is told to.
mod client;

mod world;
