#!/bin/sh
# Makes the secrets of docker-compose.yml, each a random one of its own; those that are there stay.
# The folder lets in its owner alone; the files are readable so that the containers' users can read
# what is mounted for them.
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
