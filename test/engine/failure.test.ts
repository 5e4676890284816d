import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainFailure } from '../../engine/failure.ts';

const told = (output: string, ended?: string) =>
  explainFailure({ data_dir: '/data', http_port: 8123, output, ended }).message;

test('a taken port, a full disk, a read-only disk and a held directory each name the fix', () => {
  assert.match(told('EADDRINUSE: listen'), /Port 8123 .* is taken .* another port/);
  assert.match(told('write error: No space left on device'), /disk of the data directory \/data is full/);
  assert.match(told('EROFS: read-only file system'), /cannot be written/);
  assert.match(told('Cannot lock file /data/engine/data/status'), /in use by another engine/);
});

test('any other failure is told in the words of the engine, without its stack trace', () => {
  const output =
    'Code: 49. DB::Exception: Odd, Stack trace (when copying)\n\n0. f @ 0x01\n1. g @ 0x02\n (version 26)';
  assert.equal(
    told(output, 'exit code 1'),
    'The embedded engine ended (exit code 1); it said: Code: 49. DB::Exception: Odd. Its log is in /data/engine.',
  );
});

test('a kill from outside is told as such', () => {
  assert.equal(
    told('Logging warning to /data/engine/clickhouse.log\n', 'signal SIGKILL'),
    'The embedded engine was killed from outside, perhaps for want of memory. Its log is in /data/engine.',
  );
});

test('silence is told as silence', () => {
  assert.equal(told(''), 'The embedded engine did not answer in time. Its log is in /data/engine.');
});
