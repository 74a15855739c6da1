//! Which calls, in which order, by how many workers; wire rows to records.
