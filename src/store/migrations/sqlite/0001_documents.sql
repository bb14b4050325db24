-- 0001: documents, the audit trail, and the count of commits that changed a document.
-- Downgrade: there is nothing before this. Export what is needed, then remove the file.
CREATE TABLE documents (
    tenant         TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    version        INTEGER NOT NULL CHECK (version > 0),
    changed_unix_s INTEGER NOT NULL,
    body           TEXT    NOT NULL CHECK (body <> ''),
    PRIMARY KEY (kind, tenant, id) -- the order in which a kind is read
) STRICT;

CREATE TABLE audit (
    seq       INTEGER NOT NULL PRIMARY KEY CHECK (seq > 0),
    tenant    TEXT    NOT NULL,
    scope     TEXT    NOT NULL,
    at_unix_s INTEGER NOT NULL,
    body      TEXT    NOT NULL CHECK (body <> '')
) STRICT;

-- The trail only grows, also for somebody with a shell on the file and no bad intent.
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'records of the audit trail are never changed'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'records of the audit trail are never removed'); END;

CREATE TABLE store_state (
    one        INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    generation INTEGER NOT NULL
) STRICT;
INSERT INTO store_state (one, generation) VALUES (1, 0);
