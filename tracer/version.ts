/** Name and version of the instrumentation scope; the version is package.json's. */
export const SCOPE = 'plumbline-tracer';
export const VERSION = '0.1.0';
