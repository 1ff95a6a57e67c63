#!/bin/sh
# Back up an instance, beside the server at work: the database, the pictures and the keys, in one dated file.
#
#   deploy/backup.sh DATA_FOLDER BACKUP_FOLDER
#
# With the server's DATABASE_URL in the environment PostgreSQL is dumped (by pg_dump, of its version or newer), without
# it the SQLite file of the data folder is copied, which needs a python3. docs/deployment.md says how to restore.
set -eu
umask 077

fail() { printf 'backup: %s\n' "$*" >&2; exit 1; }
[ $# -eq 2 ] || fail 'give the data folder of the server, and the folder for the backups'
data=$1 target=$2
[ -f "$data/secret_key" ] || fail "$data is not the data folder of a server: it has no secret_key"
[ -d "$target" ] || fail "the folder $target is missing: make it"

work=$(mktemp -d "$target/unfinished-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The database first: a picture that comes meanwhile is then a file too many, which the server removes one day, and not
# one too few.
case ${DATABASE_URL:-} in
    postgres*)
        pg_dump --format=custom --no-owner --file="$work/database.pgdump" "$DATABASE_URL" ||
            fail 'pg_dump failed: nothing was kept'
        ;;
    '')
        python3 -c 'import sqlite3, sys
source, copy = (sqlite3.connect(path) for path in sys.argv[1:])
source.backup(copy)
copy.execute("PRAGMA journal_mode=DELETE")
[(verdict,)] = copy.execute("PRAGMA integrity_check").fetchall()
sys.exit(None if verdict == "ok" else verdict)' "$data/db.sqlite3" "$work/db.sqlite3" ||
            fail 'the SQLite file could not be copied: nothing was kept'
        ;;
    *) fail 'DATABASE_URL names neither PostgreSQL nor nothing: copy that database by its own means' ;;
esac
cp "$data/secret_key" "$data/token_signing_keys" "$work/"
mkdir -p "$data/media"
# 1: a file went while it was read, because its tweet was deleted.
tar -C "$work" -cf "$work/backup.tar" --exclude=./backup.tar . -C "$data" media || [ $? -eq 1 ] ||
    fail 'tar failed: nothing was kept'
name=$target/minitwitter-$(date -u +%Y%m%dT%H%M%SZ).tar
mv "$work/backup.tar" "$name"
printf '%s\n' "$name"
