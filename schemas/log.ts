/** How the parts tell what happens: a line at a level, with fields. Where it goes is the main's choice. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type Log = (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;
