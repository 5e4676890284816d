/** Puts the table of settings into the README: `node schemas/settings/readme.ts`. A test holds both together. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settingsMarkdown } from './help.ts';

const MARKED = /(<!-- settings -->\n)[\s\S]*?(<!-- \/settings -->)/;

/** The text with the present table between its markers. Throws an Error when it has none. */
export function withSettingsTable(readme: string): string {
  if (!MARKED.test(readme)) throw new Error('README.md has no place for the settings: <!-- settings --> …');
  return readme.replace(
    MARKED,
    (_all, begin: string, end: string) => `${begin}${settingsMarkdown()}\n${end}`,
  );
}

if (import.meta.main) {
  const path = fileURLToPath(new URL('../../README.md', import.meta.url));
  writeFileSync(path, withSettingsTable(readFileSync(path, 'utf8')));
}
