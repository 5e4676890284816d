import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseOldServer } from '../../../schemas/tables/server-version.ts';

test('a server that is too old is refused with its version and the one that is needed', () => {
  for (const version of ['25.8.4.13', '26.3.1.1', '26.6.9.9']) {
    assert.throws(() => refuseOldServer(version), {
      message: `The ClickHouse server is of version ${version}: Plumbline needs 26.7 or newer.`,
    });
  }
  for (const version of ['26.7.2.1', '26.10.1.1', '27.1.1.1']) refuseOldServer(version);
});
