export { traced } from './clients/traced.ts';
export type { NationalId, RedactionRule, ScrubberOptions } from './content/scrubber.ts';
export { withCallContext } from './context/call-context.ts';
export type {
  CallContext,
  CallLabels,
  CallReading,
  ModelCall,
  ModelCallOptions,
  RecordedCall,
} from './options.ts';
export { recordModelCall } from './record-model-call.ts';
export { type ScoreDetails, type Scored, score } from './scores/score.ts';
export { type ContentMode, configure, type TracerOptions } from './settings.ts';
export { traceModelCall } from './trace-model-call.ts';
