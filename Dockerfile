# cmbot's service. bps and the science pipelines are not in it: see docs/deployment.md.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md ./
COPY requirements ./requirements
COPY config ./config
COPY templates ./templates
COPY cmbot ./cmbot
RUN python -m venv /opt/cmbot \
 && /opt/cmbot/bin/python -m pip install --no-cache-dir --disable-pip-version-check -c requirements/py312.txt .

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 cmbot \
 && useradd --uid 10001 --gid cmbot --home-dir /var/lib/cmbot --create-home cmbot
COPY --from=build /opt/cmbot /opt/cmbot
ENV PATH=/opt/cmbot/bin:$PATH \
    CMBOT_SETTINGS=/etc/cmbot/cmbot.yaml \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/cmbot
VOLUME /var/lib/cmbot
EXPOSE 8480
# Fails when no pass has succeeded for long; the settings need a part `web`.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8480/healthz', timeout=5)"]
ENTRYPOINT ["cmbot"]
CMD ["sync"]
