/** The settings as text: for `--help`, and as the README's table (a test holds them together). */
import { definitions, type Setting } from './definitions.ts';

const all = Object.values(definitions) as Setting<unknown>[];

const shownDefault = (setting: Setting<unknown>): string => setting.default || '';

export function settingsHelp(): string {
  const width = Math.max(...all.map(({ variable }) => variable.length)) + 2;
  return all
    .map((setting) => {
      const note = shownDefault(setting) ? ` (default ${shownDefault(setting)})` : '';
      return `  ${setting.variable.padEnd(width)}${setting.meaning}${note}`;
    })
    .join('\n');
}

export function settingsMarkdown(): string {
  const rows = all.map((setting) => {
    const name = setting.secret
      ? `\`${setting.variable}\` or \`${setting.variable}_FILE\``
      : `\`${setting.variable}\``;
    const value = shownDefault(setting) ? `\`${shownDefault(setting)}\`` : '';
    return `| ${name} | ${value} | ${setting.meaning} |`;
  });
  return ['| Variable | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
}
