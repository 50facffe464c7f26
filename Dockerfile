# MotionFan, on CPU or on a GPU of NVIDIA (docker-compose.yml sets which). The weights in models/ are part of the image.
FROM node:22.21.1-bookworm-slim AS page
WORKDIR /app/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci
COPY frontend ./
RUN npm run build

FROM python:3.12.12-slim-bookworm
# Libraries that OpenCV and MediaPipe load at run time.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libegl1 libgl1 libgles2 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# Package indexes to use, under the names that pip knows, e.g. one with CPU builds of torch.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
COPY pyproject.toml constraints.txt README.md ./
COPY backend/__init__.py backend/
# `[cluster]` adds Ray.
ARG EXTRAS=""
RUN pip install --no-cache-dir -c constraints.txt -e ".${EXTRAS}"
COPY backend backend
COPY models models
COPY --from=page /app/backend/server/page backend/server/page
RUN useradd --uid 10001 --create-home motionfan
USER 10001
# In a read-only container only /tmp is writable.
ENV MOTIONFAN_HOST=0.0.0.0 MOTIONFAN_PORT=8000 MPLCONFIGDIR=/tmp/matplotlib PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000
HEALTHCHECK --start-period=60s --interval=15s CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['MOTIONFAN_PORT'] + '/healthz', timeout=3)"]
ENTRYPOINT ["motionfan"]
CMD ["serve"]
