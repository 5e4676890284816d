/**
 * Puts SDK 2 and API 1.9 in the place of the repository's OpenTelemetry, for whoever imports it: `node --import` this.
 * The two lines cannot live in one node_modules, since each refuses the other's API.
 */
import { registerHooks } from 'node:module';
import { INSTALLED } from './install.ts';

const parentURL = new URL('index.js', INSTALLED).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOther = specifier.startsWith('@opentelemetry/') && !context.parentURL?.startsWith(INSTALLED.href);
    return nextResolve(specifier, isOther ? { ...context, parentURL } : context);
  },
});
