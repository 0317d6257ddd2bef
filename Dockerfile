# The API for production; the database is a PostgreSQL of its own (see docker-compose.yml).
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /app

# Dependencies first: they change less often than the code.
COPY requirements.lock ./
RUN pip install --quiet --require-hashes --requirement requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY api api
COPY schema schema
COPY auth auth
COPY db db
RUN python -m api.graphiql_build \
    && pip install --quiet --no-deps --no-build-isolation --editable . \
    && useradd --system --user-group --home-dir /var/lib/sangkien --create-home api

USER api
ENV SANGKIEN_HOME=/var/lib/sangkien \
    SANGKIEN_HOST=0.0.0.0 \
    SANGKIEN_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["sh", "-c", "sangkien migrate && exec sangkien serve"]
