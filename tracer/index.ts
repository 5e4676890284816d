export type { CallLabels, CallReading, ModelCall, ModelCallOptions, RecordedCall } from './options.ts';
export { recordModelCall } from './record-model-call.ts';
export { traceModelCall } from './trace-model-call.ts';
