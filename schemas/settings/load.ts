/** Reads the settings from the environment, `.env` and `*_FILE`; the only code that reads process.env. */
import { existsSync, readFileSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { definitions, type Setting, type Settings } from './definitions.ts';

/** One or more settings are not acceptable; the message names each with what came and what is allowed. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

type Environment = Record<string, string | undefined>;

function textOf(environment: Environment, setting: Setting<unknown>): string | undefined {
  const { variable } = setting;
  const text = environment[variable];
  const file = setting.secret ? environment[`${variable}_FILE`] : undefined;
  if (text !== undefined && text !== '' && file) {
    throw new SettingsError(`${variable} and ${variable}_FILE are both set: remove one of them.`);
  }
  if (file) {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch (error) {
      throw new SettingsError(`${variable}_FILE: cannot read '${file}': ${(error as Error).message}`);
    }
  }
  // An empty variable counts as not set, as a line `NAME=` in a compose file or .env means it.
  return text === undefined || text === '' ? setting.default : text;
}

/** Pure but for `*_FILE`. Throws SettingsError naming every bad value. */
export function parseSettings(environment: Environment): Settings {
  const faults: string[] = [];
  const settings: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(definitions) as [string, Setting<unknown>][]) {
    try {
      const text = textOf(environment, setting);
      const result = setting.schema.safeParse(text);
      if (result.success) settings[name] = result.data;
      else {
        const shown = setting.secret ? '(a secret)' : `'${text}'`;
        const reasons = result.error.issues.map((issue) => issue.message).join('; ');
        faults.push(`${setting.variable} is ${shown}: ${reasons} (${setting.meaning})`);
      }
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      faults.push(error.message);
    }
  }
  if (faults.length > 0) throw new SettingsError(faults.join('\n'));
  return Object.freeze(settings) as Settings;
}

/** The settings of this process: `.env` in the working directory, then the environment, which wins. */
export function loadSettings(): Settings {
  if (existsSync('.env')) loadEnvFile('.env');
  return parseSettings(process.env);
}
