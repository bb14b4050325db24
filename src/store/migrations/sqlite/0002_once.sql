-- 0002: what may happen once, until when it is remembered.
-- Downgrade: DROP TABLE once; PRAGMA user_version = 1; while no attestd runs. What was used once may then be used again.
CREATE TABLE once (
    space        TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    until_unix_s INTEGER NOT NULL,
    PRIMARY KEY (space, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX once_until ON once (until_unix_s); -- what is forgotten first
