import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const POM = fileURLToPath(new URL('./pom.xml', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../.cache/', import.meta.url));
const JARS = `${CACHE}kafka-4.3.1`;

/** Folder of the broker's jars, fetched once from Maven's repository. Rejects naming the fix when a tool is missing. */
export async function kafkaJars(): Promise<string> {
  await need('java', ['-version']);
  if (existsSync(JARS)) return JARS;
  await need('mvn', ['-version']);
  process.stderr.write('fetching Kafka 4.3.1 (44 MB, once)\n');
  await mkdir(CACHE, { recursive: true });
  // Fetched beside and renamed, so that runs that start together never see half a folder.
  const fetched = `${JARS}.${process.pid}.part`;
  try {
    const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${fetched}`];
    await run('mvn', ['-q', '-B', '-f', POM, ...copy], { maxBuffer: 16 << 20 });
    await rename(fetched, JARS);
  } catch (error) {
    if (!existsSync(JARS)) throw new Error('could not fetch Kafka with mvn', { cause: error });
  } finally {
    await rm(fetched, { recursive: true, force: true });
  }
  return JARS;
}

async function need(command: string, args: string[]): Promise<void> {
  try {
    await run(command, args);
  } catch (cause) {
    throw new Error(
      `tests with Kafka need \`${command}\`: apt-get install openjdk-17-jre-headless maven, or set PLUMBLINE_TEST_KAFKA to the brokers of a running Kafka`,
      { cause },
    );
  }
}
