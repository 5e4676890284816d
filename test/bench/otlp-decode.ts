/**
 * Decodes requests of 512 model calls with this repository's decoders and with protobufjs' compiled one, in turns in
 * one process so that a busy machine slows all of them alike. Prints spans a second, CPU per span and the ratios.
 */
import { decodeTracesJson } from '../../collector/otlp/decode-json.ts';
import { decodeTraces } from '../../collector/otlp/decode-protobuf.ts';
import { encodeTraces, genaiRequest, tracesJson } from '../support/otlp-encode.ts';
import { otlpType } from '../support/otlp-proto.ts';
import { machineLine, median, save } from './support/bench.ts';

const SPANS_PER_REQUEST = 512;
const REQUESTS = 40;
const WARMUP_ROUNDS = 2;
const ROUNDS = 7;

interface Contender {
  name: string;
  bodies: Uint8Array[];
  decode(body: Uint8Array): unknown;
  /** CPU microseconds per span and spans per second, one of each a round. */
  cpu_us: number[];
  spans_per_s: number[];
}

const requests = Array.from({ length: REQUESTS }, (_, seed) => genaiRequest(SPANS_PER_REQUEST, { seed }));
const protobufBodies = requests.map(encodeTraces);
const jsonBodies = requests.map((request) => Buffer.from(tracesJson(request)));
const requestType = otlpType('TracesRequest');

const baseline = contender('protobufjs, compiled', protobufBodies, (body) => requestType.decode(body));
const contenders = [
  baseline,
  contender('ours, protobuf', protobufBodies, (body) => decodeTraces(body)),
  contender('ours, JSON', jsonBodies, (body) => decodeTracesJson(body)),
  contender('JSON.parse alone', jsonBodies, (body) => JSON.parse(body.toString())),
];

for (let round = -WARMUP_ROUNDS; round < ROUNDS; round++) {
  for (const one of contenders) runOnce(one, round >= 0);
}
report();

function contender(name: string, bodies: Uint8Array[], decode: (body: Uint8Array) => unknown): Contender {
  return { name, bodies, decode, cpu_us: [], spans_per_s: [] };
}

function runOnce(one: Contender, isMeasured: boolean): void {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (const body of one.bodies) one.decode(body);
  const wall_ms = performance.now() - start;
  const used = process.cpuUsage(cpu);
  if (!isMeasured) return;
  const spans = one.bodies.length * SPANS_PER_REQUEST;
  one.cpu_us.push((used.user + used.system) / spans);
  one.spans_per_s.push((spans / wall_ms) * 1_000);
}

function report(): void {
  const machine = machineLine();
  console.log(machine);
  const bytes = (bodies: Uint8Array[]) => Math.round(bodies[0]!.length / SPANS_PER_REQUEST);
  console.log(
    `spans: ${bytes(protobufBodies)} bytes of protobuf, ${bytes(jsonBodies)} of JSON; medians of ${ROUNDS} rounds`,
  );
  for (const one of contenders) {
    const speed = `${Math.round(median(one.spans_per_s) / 1_000)}k spans/s`.padStart(14);
    const cost = `${median(one.cpu_us).toFixed(2)} CPU µs/span`.padStart(18);
    const ratio = `${(median(one.spans_per_s) / median(baseline.spans_per_s)).toFixed(2)}x`.padStart(7);
    console.log(`${one.name.padEnd(22)}${speed}${cost}${ratio}`);
  }
  const figures = contenders.map((one) => ({
    name: one.name,
    cpu_us_per_span: median(one.cpu_us),
    spans_per_s: median(one.spans_per_s),
  }));
  save('otlp-decode', machine, figures);
}
