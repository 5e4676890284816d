/** The dialects in the order in which they are tried. */
import type { Dialect } from './dialect.ts';
import { otelGenai } from './otel-genai.ts';

export const dialects: readonly Dialect[] = [otelGenai];
