#!/bin/sh
# Runs once, on an empty volume: the nodes' role reads and writes rows. Tables are the owner's, which migrates.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password DATABASE_PASSWORD
CREATE ROLE accounts LOGIN PASSWORD :'password';
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO accounts;
SQL
