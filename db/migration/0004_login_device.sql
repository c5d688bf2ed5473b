-- Clients that have logged in to an account: browsers, by the secret in their cookie, and networks. Wrong passwords of others do not lock them out.
CREATE TABLE login_device (
    account TEXT    NOT NULL,
    hash    BLOB    NOT NULL, -- SHA-256 of what the client is known by
    used    INTEGER NOT NULL, -- to the day
    PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;
