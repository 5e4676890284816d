# The parts of the distributed size. The embedded engine is an optional package and stays out (540 MB).
FROM node:24-slim

ENV NODE_ENV=production
WORKDIR /app

COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund && npm cache clean --force

COPY LICENSE README.md ./
COPY schemas ./schemas
COPY redaction ./redaction
COPY adapters ./adapters
COPY collector ./collector
COPY ingest ./ingest
COPY query-api ./query-api
# For the command, which the image runs as well (cli/main.ts).
COPY engine ./engine
COPY cli ./cli

USER node
# 4318 collector, 8081 ingest's health and metrics, 8080 query API.
EXPOSE 4318 8080 8081
# A young generation of half its default: memory outside the heap is then given back before it brings on full collections.
ENTRYPOINT ["node", "--import", "./adapters/check-node.mjs", "--max-semi-space-size=32"]
CMD ["collector/main.ts"]
