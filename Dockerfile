FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml requirements.txt README.md LICENSE ./
COPY sandbox sandbox
COPY templates templates
COPY fixtures fixtures
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/idp-sandbox \
    && /opt/idp-sandbox/bin/pip install --no-cache-dir /wheels/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin sandbox
COPY --from=build /opt/idp-sandbox /opt/idp-sandbox
ENV PATH=/opt/idp-sandbox/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    IDP_SANDBOX_HOST=0.0.0.0
# By its number, so that an orchestrator can see that it is not root.
USER 10001
WORKDIR /data
EXPOSE 9400 9443
# A plain 503 while the database is away: then it is not healthy, and need not be started again.
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ.get(\"IDP_SANDBOX_PORT\", 9400)}/_sandbox/health', timeout=4)"]
ENTRYPOINT ["idp-sandbox"]
CMD ["serve"]
