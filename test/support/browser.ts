/** The machine's own Chromium, for what only a browser can tell. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Nothing but what a page asks for leaves the browser. */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--disable-gpu',
  '--no-first-run',
];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Rejects where there is none, and says how to come by one. PLUMBLINE_TEST_BROWSER names the program of another place. */
export async function startBrowser(): Promise<Browser> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isProgram);
  const executablePath = process.env.PLUMBLINE_TEST_BROWSER ?? found;
  if (executablePath === undefined) {
    throw new Error(
      'The tests need Chromium: apt-get install chromium, or name its program in PLUMBLINE_TEST_BROWSER',
    );
  }
  // Its sandbox does not work for root, as in containers; it sees pages of our own alone.
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({ executablePath, args: [...QUIET, ...(isRoot ? ['--no-sandbox'] : [])] });
}
