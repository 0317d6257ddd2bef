# The API for production; the database is a PostgreSQL of its own (see docker-compose.yml).
FROM python:3.11-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /build

# The GraphiQL page is built with the Node of a development dependency, which stays behind here.
COPY requirements.lock ./
RUN pip install --quiet --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY api api
COPY schema schema
COPY auth auth
COPY db db
RUN python -m api.graphiql_build \
    && pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

# Dependencies first: they change less often than the code.
COPY requirements-runtime.lock ./
RUN pip install --quiet --require-hashes --requirement requirements-runtime.lock
COPY --from=build /wheels /wheels
RUN pip install --quiet --no-deps --no-index /wheels/*.whl \
    && rm -r /wheels requirements-runtime.lock \
    && useradd --system --user-group --home-dir /var/lib/sangkien --create-home api

WORKDIR /var/lib/sangkien
USER api
ENV SANGKIEN_HOME=/var/lib/sangkien \
    SANGKIEN_HOST=0.0.0.0 \
    SANGKIEN_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["sangkien", "serve"]
