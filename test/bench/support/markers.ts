/** Calls that can be told from others in the answers: their conversation says when they ended. */

export const SPANS_PER_REQUEST = 10;
/** Filter of the query API that finds them. */
export const MARKER_TYPE = 'marker';

export interface MarkerOrder {
  otlp_url: string;
  /** Calls a second, markers and others. */
  rate: number;
  /** When to stop, milliseconds since 1970. */
  end_ms: number;
}

export interface MarkersSent {
  /** Conversations of the markers. */
  posted: string[];
  /** Requests that were not answered with 200. */
  refused: number;
}

/** `p` for posted ones, `t` for those of a traced service. */
export const markerId = (kind: 'p' | 't', end_ms: number, number: number): string =>
  `${kind}x${end_ms.toString(36)}x${number.toString(36)}`;

/** Milliseconds since 1970. */
export const endOf = (id: string): number => Number.parseInt(id.split('x')[1]!, 36);
