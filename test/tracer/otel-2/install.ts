import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';

/** Where the other line is installed; kept from run to run. */
export const INSTALLED = new URL('../../../.cache/opentelemetry-2/', import.meta.url);

const here = new URL('./', import.meta.url);
const LOCK = 'package-lock.json';

/** Installs the packages of the lock file beside this unless they are there. Needs the registry, or npm's cache. */
export function installLine(): void {
  const done = new URL('done.json', INSTALLED);
  const lock = readFileSync(new URL(LOCK, here), 'utf8');
  if (existsSync(done) && readFileSync(done, 'utf8') === lock) return;
  process.stderr.write('Installing OpenTelemetry SDK 2 into .cache/opentelemetry-2, once\n');
  rmSync(INSTALLED, { recursive: true, force: true });
  mkdirSync(INSTALLED, { recursive: true });
  for (const name of ['package.json', LOCK]) cpSync(new URL(name, here), new URL(name, INSTALLED));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  execFileSync('npm', ['ci', ...flags], { cwd: INSTALLED, stdio: ['ignore', 'ignore', 'inherit'] });
  cpSync(new URL(LOCK, here), done);
}
