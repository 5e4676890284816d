/** Commands that ask the query API: over HTTP, as anybody else, so they run wherever it can be reached. */
import { type Client, createClient, ProblemError } from '../query-api/client/client.ts';
import { loadSettings, SettingsError } from '../schemas/settings/load.ts';
import { CommandError, EXIT } from './command.ts';

export interface ApiContext {
  client: Client;
  /** Data for the next program: stdout. */
  print: (text: string) => void;
  /** Words for a person: stderr. */
  say: (text: string) => void;
}

/** What such commands have in common; both win over the settings. */
export interface ApiOptions {
  url?: string;
}

const TIMEOUT_MS = 60_000;

/** A problem with the question is the asker's; one of the server, or none at all, says nothing about the answer. */
function explained(error: unknown, url: string): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof SettingsError) return new CommandError(error.message, EXIT.usage);
  if (error instanceof ProblemError) {
    const { status, title, detail, allowed, nearest } = error.problem;
    const more = nearest ? ` Did you mean '${nearest}'?` : allowed ? ` Allowed: ${allowed.join(', ')}.` : '';
    if (status === 401 || status === 403) {
      return new CommandError(`${title}: set PLUMBLINE_API_KEY to a read key of ${url}.`, EXIT.usage);
    }
    return new CommandError(`${detail}${more}`, status >= 500 ? EXIT.unreachable : EXIT.usage);
  }
  const { message, cause } = error as Error;
  const reason = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : message;
  return new CommandError(
    `No query API answers at ${url}: ${reason}. See --url and PLUMBLINE_API_URL.`,
    EXIT.unreachable,
  );
}

/** Runs `work` with a client, and turns failures into sentences and exit codes. */
export type WithApi = (options: ApiOptions, work: (context: ApiContext) => Promise<number>) => Promise<void>;

export async function runWithApi(
  output: Pick<ApiContext, 'print' | 'say'>,
  options: ApiOptions,
  work: (context: ApiContext) => Promise<number>,
): Promise<void> {
  let base_url = options.url ?? '';
  try {
    const settings = loadSettings();
    base_url ||= settings.api_url ?? `http://127.0.0.1:${settings.api_port}`;
    if (!URL.canParse(base_url)) throw new CommandError(`--url is '${base_url}': not a URL.`, EXIT.usage);
    base_url = base_url.replace(/\/+$/, '');
    const bare = createClient({ base_url, ...(settings.api_key ? { key: settings.api_key } : {}) });
    const client: Client = {
      ask: (name, asked) => bare.ask(name, { ...asked, signal: AbortSignal.timeout(TIMEOUT_MS) }),
    };
    process.exitCode = await work({ client, ...output });
  } catch (error) {
    const { message, exit } = explained(error, base_url);
    output.say(message);
    process.exitCode = exit;
  }
}

/** `dimension=value` given any number of times, for commander. */
export function collectFilter(text: string, known: readonly string[] = []): string[] {
  if (text.indexOf('=') < 1) throw new CommandError(`--filter is '${text}': dimension=value.`, EXIT.usage);
  return [...known, text];
}

/** The values by dimension. */
export function filtersOf(texts: readonly string[] = []): Record<string, string[]> {
  const filters: Record<string, string[]> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = text.slice(0, at);
    filters[name] = [...(filters[name] ?? []), text.slice(at + 1)];
  }
  return filters;
}
