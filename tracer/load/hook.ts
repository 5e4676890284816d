/**
 * Patches the client libraries when the application loads them, as ES modules or by `require`. A line is added to
 * the end of the package's main file, which hands its exports over; nothing is loaded that the application does not.
 */
import { createRequire, registerHooks } from 'node:module';
import { aiSdk } from '../clients/ai-sdk.ts';
import { patchAnthropic } from '../clients/anthropic.ts';
import { patchFetch } from '../clients/fetch.ts';
import { patchOpenAi } from '../clients/openai.ts';
import { guarded } from '../guard.ts';

const PATCHES = { openai: patchOpenAi, anthropic: patchAnthropic };

/** Where the added lines find us. */
const HANDLE = 'plumbline-tracer.patch';

const FILES: readonly [file: RegExp, client: keyof typeof PATCHES | 'ai'][] = [
  [/\/node_modules\/openai\/(?:index|client|azure)\.m?js$/, 'openai'],
  [/\/node_modules\/@anthropic-ai\/sdk\/(?:index|client)\.m?js$/, 'anthropic'],
  [/\/node_modules\/ai\/dist\/index\.m?js$/, 'ai'],
];

/** Functions inside the `ai` package that all its calls go through, since its exports cannot be replaced. */
const AI_FUNCTIONS = {
  resolveLanguageModel: 'resolved',
  resolveEmbeddingModel: 'resolved',
  prepareRetries: 'repeated',
} as const satisfies Record<string, keyof typeof aiSdk>;

/** Patches what is loaded from now on, what `require` has loaded already, and the global `fetch`. */
export function patchClients(): void {
  Reflect.set(globalThis, Symbol.for(HANDLE), {
    aiSdk,
    patch: (client: keyof typeof PATCHES, exports: unknown) => guarded(() => PATCHES[client](exports)),
  });
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const client = url.includes('/node_modules/') ? clientOf(url) : undefined;
      const line = client && addedLine(client, url, loaded.format);
      if (!line || !loaded.source) return loaded;
      return { ...loaded, source: `${textOf(loaded.source)}\n${line}\n` };
    },
  });
  patchLoaded();
  guarded(patchFetch);
}

function clientOf(url: string): keyof typeof PATCHES | 'ai' | undefined {
  return FILES.find(([file]) => file.test(url))?.[1];
}

function addedLine(
  client: keyof typeof PATCHES | 'ai',
  url: string,
  format: string | null | undefined,
): string {
  const handle = `globalThis[Symbol.for('${HANDLE}')]`;
  if (client === 'ai') {
    // A name that is not there, or is a constant, throws when it is assigned to, and is left as it is.
    return Object.entries(AI_FUNCTIONS)
      .map(([name, wrap]) => `try { ${name} = ${handle}.aiSdk.${wrap}(${name}); } catch {}`)
      .join('\n');
  }
  if (format !== 'module') return `${handle}.patch('${client}', module.exports);`;
  return `import * as plumblineTracer_exports from ${JSON.stringify(url)};\n${handle}.patch('${client}', plumblineTracer_exports);`;
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source as Uint8Array);
}

/** An ES module that is loaded already cannot be found again; `require`'s are listed. */
function patchLoaded(): void {
  const { cache } = createRequire(import.meta.url);
  for (const [path, module] of Object.entries(cache)) {
    const client = clientOf(path.replaceAll('\\', '/'));
    if (client && client !== 'ai') guarded(() => PATCHES[client](module?.exports));
  }
}
