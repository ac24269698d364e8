# One image for all parts. The command of a container, `weir run PART`, selects the part.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 WEIR_STATE_DIR=/var/lib/weir WEIR_CACHE_DIR=/opt/weir/cache
WORKDIR /opt/weir

COPY requirements.lock .
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock

COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . && weir fetch

RUN useradd --create-home weir && mkdir -p /var/lib/weir && chown -R weir /var/lib/weir /opt/weir/cache
USER weir
VOLUME /var/lib/weir
