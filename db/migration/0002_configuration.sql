-- What configuration files said of keys that this phone has no use for, and of others in a spelling of their own; for the next export.
CREATE TABLE foreign_setting (
    line   INTEGER NOT NULL CHECK (line BETWEEN 0 AND 999), -- n of SIPn; 0: of the device
    path   TEXT    NOT NULL,
    place  INTEGER NOT NULL, -- in the order of the files
    key    TEXT    NOT NULL,
    module TEXT    NOT NULL,
    list   TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (line, path)
) STRICT, WITHOUT ROWID;

-- Settings of the device as a whole, such as time_zone. A factory reset takes them away, but configuration.*, which is the store's own.
CREATE TABLE device_setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The configuration as it was before it was changed as a whole.
CREATE TABLE settings_copy (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    made   INTEGER NOT NULL,
    reason TEXT    NOT NULL CHECK (reason IN ('import', 'restore', 'reset')),
    file   TEXT    NOT NULL -- as sysconf writes JSON, with secrets
) STRICT;
