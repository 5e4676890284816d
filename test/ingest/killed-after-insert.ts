/** An ingest that dies between its first insert and the commit. Run by ingest.test.ts as a process of its own. */
import { Registry } from 'prom-client';
import { createIngest } from '../../ingest/ingest.ts';
import { connectBus, connectWarehouse, type Places } from './pipeline.ts';

const { places, topic } = JSON.parse(process.argv[2]!) as { places: Places; topic: string };
const warehouse = connectWarehouse(places);
const ingest = createIngest({
  bus: connectBus(places),
  warehouse: {
    ...warehouse,
    async insert(block) {
      await warehouse.insert(block);
      process.kill(process.pid, 'SIGKILL');
    },
  },
  topic,
  group: topic,
  registry: new Registry(),
  log: () => {},
});
await ingest.start();
