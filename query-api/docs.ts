/** /openapi.json and its page at /docs, which loads nothing from elsewhere. */
import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';

/** The page's own script is inlined by its plugin, as are its styles; whatever lies outside stays unloaded. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const protect: onRequestHookHandler = (_request, reply, done) => {
  reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
  done();
};

export async function registerDocs(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.register(scalar, {
    routePrefix: '/docs',
    hooks: { onRequest: protect },
    configuration: {
      url: '/openapi.json',
      pageTitle: 'Plumbline query API',
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      showDeveloperTools: 'never',
      hideClientButton: true,
    },
  });
}
