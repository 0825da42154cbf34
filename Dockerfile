# Fourgate's web server (the default command) and, with `deliver_webhooks`, its worker. See compose.yaml.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DATA_DIR=/data HOST=0.0.0.0 PORT=8000
WORKDIR /app

COPY config/requirements.txt config/requirements.txt
RUN pip install --no-cache-dir --require-hashes -r config/requirements.txt

COPY . .
RUN python -m compileall -q config metadata core apikeys webhooks \
    && useradd --system --no-create-home --home-dir /data fourgate \
    && install -d -o fourgate /data
USER fourgate
# Holds the secret key, the consoles' assets and, without DATABASE_URL, the database.
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz')"]

ENTRYPOINT ["python", "manage.py"]
CMD ["up", "--no-demo"]
