/**
 * The engine's own process: `node child.ts LIBRARY ARGUMENTS...` with a pipe from the parent as fd 3.
 * It never returns to JavaScript while the engine runs.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { loadLibrary } from './library.ts';

const [libraryPath, ...args] = process.argv.slice(2);
if (libraryPath === undefined) throw new Error('usage: node child.ts LIBRARY ARGUMENTS...');

// Loaded before the worker begins: loading asks the runtime for a report, which waits for every worker, and this
// one never answers.
const run = loadLibrary(libraryPath);
await once(new Worker(new URL('./watch-parent.ts', import.meta.url)), 'message');
const error = run(args);
if (error !== undefined) writeSync(2, `${error}\n`);
// An ordinary exit would wait for the worker, which blocks in its read; the engine has already closed its files.
process.kill(process.pid, 'SIGKILL');
