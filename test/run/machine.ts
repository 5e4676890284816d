/** What this machine must have before the tests can run; each gap is a sentence with its fix. */
import { spawnSync } from 'node:child_process';
import { EngineError } from '../../engine/failure.ts';
import { locateLibrary } from '../../engine/library.ts';

const KAFKA_TOOLS = ['java', 'mvn'];

function runs(command: string): boolean {
  const { error, status } = spawnSync(command, ['-version'], { stdio: 'ignore' });
  return error === undefined && status === 0;
}

/** Empty when nothing is missing. */
export function lacks(environment: NodeJS.ProcessEnv = process.env): string[] {
  const sentences: string[] = [];
  const missing = environment.PLUMBLINE_TEST_KAFKA ? [] : KAFKA_TOOLS.filter((tool) => !runs(tool));
  if (missing.length > 0) {
    sentences.push(
      `The tests run a real Kafka and need ${missing.join(' and ')}: apt-get install openjdk-17-jre-headless maven, ` +
        'or set PLUMBLINE_TEST_KAFKA to the brokers (host:port,…) of a running one.',
    );
  }
  try {
    locateLibrary();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    sentences.push(error.message);
  }
  return sentences;
}
