/** /openapi.json and its page at /docs, where / leads; it loads nothing from elsewhere. */
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

/** A plumb line. In the page itself, or the browser asks for /favicon.ico. */
const FAVICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M8 0v7" stroke="#888"/><path d="M5 7h6l-3 9z" fill="#07c"/></svg>',
)}`;

const protect: onRequestHookHandler = (_request, reply, done) => {
  reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
  done();
};

export async function registerDocs(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/docs/'));
  await app.register(scalar, {
    routePrefix: '/docs',
    hooks: { onRequest: protect },
    configuration: {
      url: '/openapi.json',
      pageTitle: 'Plumbline query API',
      favicon: FAVICON,
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      showDeveloperTools: 'never',
      hideClientButton: true,
    },
  });
}
