#!/bin/sh
# Creates a random secret for each of docker-compose.yml; existing ones stay. Only the owner can
# enter the folder; the files are readable, so that the containers' users can read their mounts.
set -eu
cd "$(dirname "$0")/.."
mkdir -p secrets
chmod 700 secrets
for name in superuser owner reader writer metrics keycloak keycloak_database; do
    if [ ! -s "secrets/$name" ]; then
        head -c 30 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' > "secrets/$name"
        chmod 644 "secrets/$name"
        echo "made secrets/$name"
    fi
done
