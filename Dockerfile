# Fourgate in one container: web server, webhook and maintenance workers. compose.yaml puts a PostgreSQL beside it.
FROM python:3.11-slim AS assets
WORKDIR /app
COPY config/__init__.py config/assets.py config/requirements-assets.txt config/
COPY package.json package-lock.json ./
RUN python -c "from pathlib import Path; from config.assets import fetch_assets; fetch_assets(Path('/data'))"

FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DATA_DIR=/data HOST=0.0.0.0 PORT=8000
WORKDIR /app
COPY config/requirements.txt config/
RUN pip install --no-cache-dir --require-hashes -r config/requirements.txt
COPY . .
RUN python -m compileall -q config metadata core apikeys webhooks \
    && useradd --system --home-dir /data fourgate \
    && install -d -o fourgate /data
COPY --from=assets --chown=fourgate /data/assets /data/assets
USER fourgate
# It answers to localhost and to the container's own name and addresses: set SERVER_URL, or ALLOWED_HOSTS, to be reached
# by others (docker run -e SERVER_URL=https://crm.example …).
# Holds the secret key and, without DATABASE_URL, the database: keep it.
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz')"]
ENTRYPOINT ["python", "manage.py"]
CMD ["up", "--no-demo"]
