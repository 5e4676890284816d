import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EngineError } from '../../engine/failure.ts';
import { LIBRARY_VERSION, locateLibrary } from '../../engine/library.ts';

function without(...missing: string[]) {
  return (specifier: string) => {
    if (missing.some((name) => specifier.startsWith(name)))
      throw new Error(`Cannot find module ${specifier}`);
    return `/modules/${specifier}`;
  };
}

test('the library of this machine is found', () => {
  assert.ok(existsSync(locateLibrary()));
});

test('a missing library is told with the package to install', () => {
  assert.throws(
    () => locateLibrary(without('@chdb/'), 'darwin-arm64'),
    new EngineError(
      `The embedded engine is not installed; run \`npm install --no-save @chdb/lib-darwin-arm64@${LIBRARY_VERSION}\`, or set CLICKHOUSE_URL and run the distributed parts.`,
    ),
  );
});

test('everything that is missing is named at once', () => {
  assert.throws(
    () => locateLibrary(without('@chdb/', 'ffi-rs'), 'linux-x64'),
    /npm install --no-save ffi-rs @chdb\/lib-linux-x64-gnu@/,
  );
});

test('a platform without a library is told so', () => {
  assert.throws(
    () => locateLibrary(without(), 'linux-x64-musl'),
    /does not exist for linux-x64-musl .*glibc/,
  );
  assert.throws(() => locateLibrary(without(), 'win32-x64'), /set CLICKHOUSE_URL/);
});

test('the version in the advice is the version we depend on', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.equal(manifest.optionalDependencies['@chdb/lib-linux-x64-gnu'], LIBRARY_VERSION);
});
