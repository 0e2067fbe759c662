#!/bin/sh
# Writes the users, with digests in place of their passwords, and becomes Redis: accounts for the server, admin for people.
set -eu
here=$(dirname "$0")
users=${REDIS_USERS:-/run/redis/users.acl}
digest() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }
umask 077
{
    # Nobody can be it. But Redis reads its own file in its name, and without these rights drops whatever a script has written.
    echo "user default off resetpass ~* &* +@all"
    echo "user admin on #$(digest "${REDIS_ADMIN_PASSWORD:?is not set}") ~* &* +@all"
    echo "user accounts on #$(digest "${REDIS_PASSWORD:?is not set}") $(grep -v '^#' "$here/accounts.acl" | tr '\n' ' ')"
} >"$users"
unset REDIS_PASSWORD REDIS_ADMIN_PASSWORD
exec redis-server "$here/redis.conf" --aclfile "$users" "$@"
