-- Who has logged in, and who has changed what; of each part the newest entries. Only a factory reset that erases takes it away.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    time    INTEGER NOT NULL,
    part    TEXT    NOT NULL, -- group of actions
    action  TEXT    NOT NULL,
    kind    TEXT    NOT NULL, -- of author: account, token, command, unknown
    name    TEXT    NOT NULL,
    source  TEXT    NOT NULL,
    address TEXT    NOT NULL,
    data    TEXT    NOT NULL  -- JSON
) STRICT;

CREATE INDEX audit_part ON audit (part, id);
