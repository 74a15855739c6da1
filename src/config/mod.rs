//! Settings: layers (flag > environment > file > default), validation, secrets.
