-- 0001: token signing keys and the certificates of providers.
-- Downgrade: drop both tables; tokens signed by the keys can then no longer be checked.
CREATE TABLE signing_keys (
    kid            TEXT    NOT NULL PRIMARY KEY,
    alg            TEXT    NOT NULL,
    sealed         BLOB    NOT NULL,
    spki           BLOB    NOT NULL,
    created_unix_s INTEGER NOT NULL
) STRICT;

CREATE TABLE certificates (
    provider   TEXT NOT NULL,
    kid        TEXT NOT NULL REFERENCES signing_keys (kid),
    attest_uri TEXT NOT NULL, -- the endpoint that the certificate names
    der        BLOB NOT NULL,
    PRIMARY KEY (provider, kid)
) STRICT;
