/** Very many repeats among rows that nobody has looked at yet: handed over in a statement, whatever their number. */
import { test } from 'node:test';
import { examine } from '../../../ingest/settle/examiner.ts';
import type { CallRow } from '../../../schemas/record/calls.ts';
import { makeCall } from '../../support/rows.ts';
import { ask, assertSame, startSettling } from './support/settling.ts';

/** As many as are just handed over, and more. */
const NUMBERS = [500, 1_500];

for (const number of NUMBERS)
  test(`${number} calls that two scopes tell of, and that came again since the last look, count as by definition`, async () => {
    const settling = await startSettling();
    try {
      const rows: CallRow[] = Array.from({ length: number }, (_, i) => {
        const response_id = `an-answer-of-a-provider-${i}`;
        const outer = makeCall({ response_id, scope: 'outer', duration_ms: 300, input_tokens: 100 + i });
        const inner = makeCall({
          response_id,
          scope: 'inner',
          trace_id: outer.trace_id,
          input_tokens: 100 + i,
        });
        return [outer, inner];
      }).flat();
      await settling.insert(rows);
      const from_ms = rows[0]!.started_at / 1000 - 3_600_000;
      const window = { project: 'default', from_ms, to_ms: from_ms + 7_200_000 };
      const check = async (what: string): Promise<void> => {
        const expected = await ask(settling, { ...window, from: 'scratch' });
        for (const from of ['calls', 'cells'] as const) {
          assertSame(await ask(settling, { ...window, from }), expected, `${what}, ${from}`);
        }
      };
      await check('new');
      await examine(settling.store);
      await settling.insert(rows.map((row) => ({ ...row, version: row.version + 1 })));
      await check('sent again');
    } finally {
      await settling.stop();
    }
  });
