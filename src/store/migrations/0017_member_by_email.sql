-- People name a member by its address, in whatever case: it is found without a look at the others.

CREATE INDEX member_by_email ON member_history (email COLLATE NOCASE);
