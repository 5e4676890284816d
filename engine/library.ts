/**
 * The one file that knows the engine's packages: `@chdb/lib-*` brings ClickHouse as a shared library,
 * `ffi-rs` calls it. Both are optional dependencies, so they are looked for when needed, not imported.
 */
import { createRequire } from 'node:module';
import type * as FfiRs from 'ffi-rs';
import { EngineError } from './failure.ts';

/** The first release whose `clickhouse local` can listen; npm's `latest` tag points at an older one. */
export const LIBRARY_VERSION = '26.7.3-stable.1';

const SUPPORTED = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/** Finds a module's file, or throws; `require.resolve` unless a test says otherwise. */
export type Resolve = (specifier: string) => string;

const require = createRequire(import.meta.url);

/**
 * The path of the engine's shared library.
 * @throws EngineError naming the package to install when it or `ffi-rs` is missing
 */
export function locateLibrary(resolve: Resolve = require.resolve, platform = currentPlatform()): string {
  const library = libraryPackage(platform);
  const missing: string[] = [];
  let path = '';
  try {
    resolve('ffi-rs');
  } catch {
    missing.push('ffi-rs');
  }
  try {
    path = resolve(`${library}/libchdb.so`);
  } catch {
    missing.push(`${library}@${LIBRARY_VERSION}`);
  }
  if (missing.length > 0) {
    throw new EngineError(
      `The embedded engine is not installed; run \`npm install --no-save ${missing.join(' ')}\`, or set CLICKHOUSE_URL and run the distributed parts.`,
    );
  }
  return path;
}

/** The npm package that holds the library, such as `@chdb/lib-linux-x64-gnu`. */
function libraryPackage(platform: string): string {
  if (!SUPPORTED.includes(platform)) {
    throw new EngineError(
      `The embedded engine does not exist for ${platform} (only ${SUPPORTED.join(', ')}, with glibc on Linux); set CLICKHOUSE_URL and run the distributed parts.`,
    );
  }
  return `@chdb/lib-${platform}${platform.startsWith('linux') ? '-gnu' : ''}`;
}

function currentPlatform(): string {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return platform;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? `${platform}-musl` : platform;
}

/**
 * Loads the engine into this process, whose main thread must be the caller with an ordinary C stack: the engine
 * checks the stack's bounds, and unloading it with a worker crashes the process.
 * @returns a function that runs the engine's command line, blocks until it ends and returns its error text,
 * or undefined when it ended well
 */
export function loadLibrary(libraryPath: string): (args: string[]) => string | undefined {
  const { open, load, isNullPointer, DataType } = require('ffi-rs') as typeof FfiRs;
  open({ library: 'engine', path: libraryPath });
  return (args) => {
    const result = load({
      library: 'engine',
      funcName: 'chdb_query_cmdline',
      retType: DataType.External,
      paramsType: [DataType.I32, DataType.StringArray],
      paramsValue: [args.length, args],
    });
    if (isNullPointer(result)) return undefined;
    const errorOf = { library: 'engine', funcName: 'chdb_result_error', paramsType: [DataType.External] };
    const text = load({ ...errorOf, retType: DataType.External, paramsValue: [result] });
    if (isNullPointer(text)) return undefined;
    return load({ ...errorOf, retType: DataType.String, paramsValue: [result] });
  };
}
