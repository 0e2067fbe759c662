# syntax=docker/dockerfile:1

# Name a digest as well to have the very same again: --build-arg BASE=python:3.11.14-slim-bookworm@sha256:…
ARG BASE=python:3.11.14-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv --without-pip /opt/venv
COPY requirements.txt .
RUN pip --python /opt/venv install --require-hashes --only-binary :all: -r requirements.txt
# Traces are one setting, OTEL_EXPORTER_OTLP_ENDPOINT; without it nothing of this is imported.
COPY requirements-otel.txt .
RUN pip --python /opt/venv install --require-hashes --only-binary :all: -r requirements-otel.txt
# The SDKs of the SMS vendors, of which a build may leave some out.
ARG VENDORS="tencent aliyun"
COPY requirements-tencent.txt requirements-aliyun.txt ./
RUN for vendor in ${VENDORS}; do pip --python /opt/venv install --require-hashes -r "requirements-${vendor}.txt" || exit 1; done

# Argon2 for processors with AVX2, beside the published build: which one hashes is chosen at the start.
FROM ${BASE} AS accelerate
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /build
RUN python -m venv --without-pip /opt/venv && mkdir /opt/venv/accelerated
COPY accelerate.sh requirements.txt requirements-accelerate.txt ./
RUN sh accelerate.sh /opt/venv

FROM ${BASE}
LABEL org.opencontainers.image.title="Dongbao Accounts"
RUN pip uninstall --yes pip setuptools wheel \
    && useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin dongbao
COPY --from=build /opt/venv /opt/venv
COPY --from=accelerate /opt/venv/accelerated /opt/venv/accelerated
WORKDIR /app
COPY openapi.yaml wsgi.py ./
COPY api api
COPY mail mail
COPY migrations migrations
COPY models models
COPY resources resources
COPY schemas schemas
COPY services services
COPY sms sms

# Nothing is written while DATABASE_URL and REDIS_URL are set, so the container may run read-only.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    APP_ENV=production \
    HOST=0.0.0.0 \
    PORT=5000
USER 10001
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=2)"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "api.serve"]
