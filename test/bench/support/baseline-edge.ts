/** The baseline's edge: the same server, bus and grouping as the collector's, around the plain decoder. */
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import Fastify from 'fastify';
import { createKafkajsBus } from '../../../adapters/kafkajs-bus.ts';
import { KAFKA_GROUPING } from '../../../collector/block-writer.ts';
import { messageOf } from '../../../schemas/block-headers.ts';
import { createGroupCommit } from '../../../schemas/group-commit.ts';
import { baselineLines } from './baseline-rows.ts';

const compress = promisify(zstdCompress);
const MESSAGE_ROWS_MAX = 4_096;
const [brokers, topic] = JSON.parse(process.argv[2]!) as [string[], string];
const bus = createKafkajsBus({ brokers, client_id: 'baseline-edge', log: () => {} });

async function publish(lines: string[]): Promise<void> {
  const body = await compress(`${lines.join('\n')}\n`, {
    params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  const block = {
    table: 'calls' as const,
    rows: lines.length,
    record_version: 1,
    from_ms: 0,
    to_ms: 0,
    body,
  };
  await bus.publish(topic, messageOf(block));
}

const groups = createGroupCommit<string[]>({
  max_weight: { rows: MESSAGE_ROWS_MAX, bytes: Number.POSITIVE_INFINITY },
  max_wait_ms: KAFKA_GROUPING.max_wait_ms,
  max_in_flight: KAFKA_GROUPING.max_in_flight,
  weigh: (lines) => ({ rows: lines.length, bytes: 0 }),
  commit: (items) => publish(items.flat()),
});

const app = Fastify({ bodyLimit: 20 * 1024 * 1024 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/v1/traces', async (request, reply) => {
  await groups.add(baselineLines(request.body as Buffer, Date.now() * 1000));
  return reply.type('application/x-protobuf').send(Buffer.alloc(0));
});
process.on('SIGTERM', () => process.exit(0));
console.log(`listening on ${await app.listen({ host: '127.0.0.1', port: 0 })}`);
