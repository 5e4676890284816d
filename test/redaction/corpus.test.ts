import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedactor, KINDS, type Kind, type Tally } from '../../redaction/index.ts';
import { NEGATIVES } from './corpus-negatives.ts';
import { POSITIVES } from './corpus-positives.ts';

const redactor = createRedactor();

interface Score {
  planted: number;
  found: number;
  wrong: number;
}

const scores = new Map<Kind, Score>(KINDS.map((kind) => [kind, { planted: 0, found: 0, wrong: 0 }]));
const mistakes: string[] = [];

/** A longest stretch of the secret that still stands in the text gives it away. */
function leaks(text: string, secret: string): boolean {
  const piece = secret.slice(Math.max(0, secret.length - 8));
  return text.includes(secret) || text.includes(piece) || text.includes(secret.slice(0, 8));
}

for (const { kind, text, secret } of POSITIVES) {
  const tally: Tally = {};
  const redacted = redactor.redact(text, tally);
  const score = scores.get(kind)!;
  score.planted++;
  if (tally[kind] && !leaks(redacted, secret)) score.found++;
  else mistakes.push(`missed ${kind}: ${redacted}`);
  for (const other of KINDS) {
    if (other === kind || !tally[other]) continue;
    scores.get(other)!.wrong++;
    mistakes.push(`${other} beside ${kind}: ${redacted}`);
  }
}
for (const text of NEGATIVES) {
  const tally: Tally = {};
  const redacted = redactor.redact(text, tally);
  for (const kind of KINDS) if (tally[kind]) scores.get(kind)!.wrong++;
  if (redacted !== text) mistakes.push(`wrongly found: ${redacted}`);
}

test('the corpus is large and holds every kind', () => {
  assert.ok(POSITIVES.length >= 120 && NEGATIVES.length >= 120);
  for (const [kind, { planted }] of scores) assert.ok(planted >= 8, `${kind}: ${planted}`);
});

test('recall and precision of every kind are at least 0.95', () => {
  const rows = [...scores].map(([kind, { planted, found, wrong }]) => {
    const recall = found / planted;
    const precision = found + wrong === 0 ? 1 : found / (found + wrong);
    return { kind, planted, found, wrong, recall, precision };
  });
  console.log(`${POSITIVES.length} positives, ${NEGATIVES.length} negatives, made by the detectors' authors`);
  for (const row of rows) {
    const { kind, planted, found, wrong, recall, precision } = row;
    console.log(
      `${kind.padEnd(16)} ${found}/${planted} wrong ${wrong} recall ${recall.toFixed(3)} precision ${precision.toFixed(3)}`,
    );
  }
  for (const { kind, recall, precision } of rows) {
    assert.ok(recall >= 0.95 && precision >= 0.95, `${kind}\n${mistakes.join('\n')}`);
  }
});

test('what the corpus holds is redacted once and for all', () => {
  for (const { text } of POSITIVES) {
    const once = redactor.redact(text);
    assert.equal(redactor.redact(once), once);
  }
});
