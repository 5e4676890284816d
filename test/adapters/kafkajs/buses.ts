import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkajsBus, type KafkajsBusOptions } from '../../../adapters/kafkajs-bus.ts';
import type { Bus, BusMessage, ReceivedMessage, TopicSpec } from '../../../schemas/seams.ts';

let names = 0;

/** A name that no other test uses, even on a Kafka that lives on. */
export function name(prefix: string): string {
  return `${prefix}-${process.pid}-${Date.now().toString(36)}-${names++}`;
}

export function topic(spec: Partial<TopicSpec> = {}): TopicSpec {
  return {
    name: name('topic'),
    partitions: 1,
    retention_ms: 3 * 86_400_000,
    max_message_bytes: 1_000_000,
    ...spec,
  };
}

export function message(value: string): BusMessage {
  return { value: Buffer.from(value), headers: {} };
}

export function values(messages: ReceivedMessage[]): string[] {
  return messages.map(({ value }) => value.toString());
}

export interface TestBuses {
  create(options?: Partial<KafkajsBusOptions>): Bus;
  close(): Promise<void>;
}

/** Buses that are closed together. PLUMBLINE_TEST_LOG=1 prints what they log. */
export function createTestBuses(brokers: () => string[]): TestBuses {
  const buses: Bus[] = [];
  return {
    create(options = {}) {
      const bus = createKafkajsBus({
        brokers: brokers(),
        client_id: 'test',
        log: (level, text, fields) => {
          if (process.env.PLUMBLINE_TEST_LOG) console.error(Date.now() % 1e6, level, text, fields);
        },
        ...options,
      });
      buses.push(bus);
      return bus;
    },
    close: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
    },
  };
}

/** Waits until `condition` holds, 30 s at most. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not true within 30 s: ${condition}`);
    await sleep(20);
  }
}
