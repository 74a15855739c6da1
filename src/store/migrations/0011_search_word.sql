-- The words of the full-text index, as it has them: a view into it that takes no place of its own.

CREATE VIRTUAL TABLE search_word USING fts5vocab (search_text, instance);
