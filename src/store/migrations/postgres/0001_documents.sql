-- 0001: documents, the audit trail, and the row that a writer locks.
-- Downgrade: there is nothing before this. Export what is needed, then drop the three tables.
-- COLLATE "C": keys are ordered byte by byte, as in the other back ends, whatever the database's locale.
CREATE TABLE documents (
    tenant         text COLLATE "C" NOT NULL,
    kind           text COLLATE "C" NOT NULL,
    id             text COLLATE "C" NOT NULL,
    version        bigint NOT NULL CHECK (version > 0),
    changed_unix_s bigint NOT NULL,
    body           text NOT NULL CHECK (body <> ''),
    PRIMARY KEY (kind, tenant, id) -- the order in which a kind is read
);

CREATE TABLE audit (
    seq       bigint NOT NULL PRIMARY KEY CHECK (seq > 0),
    tenant    text COLLATE "C" NOT NULL,
    scope     text COLLATE "C" NOT NULL,
    at_unix_s bigint NOT NULL,
    body      text NOT NULL CHECK (body <> '')
);

-- The trail only grows, also for somebody with psql and no bad intent.
CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'records of the audit trail are never changed or removed'; END $$;
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows();

-- One row. Every transaction locks it first, so writers exclude each other; it also says which schema this is.
CREATE TABLE store_state (
    one        boolean NOT NULL PRIMARY KEY CHECK (one),
    generation bigint NOT NULL,
    schema     integer NOT NULL
);
INSERT INTO store_state (one, generation, schema) VALUES (true, 0, 0);
