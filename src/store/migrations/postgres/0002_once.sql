-- 0002: what may happen once, until when it is remembered.
-- Downgrade: DROP TABLE once; UPDATE store_state SET schema = 1; while no attestd runs. What was used once may then be used again.
CREATE TABLE once (
    space        text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    until_unix_s bigint NOT NULL,
    PRIMARY KEY (space, id)
);
CREATE INDEX once_until ON once (until_unix_s); -- what is forgotten first
