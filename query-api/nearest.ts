/** "Did you mean": the known name that takes the fewest edits, if it is near enough to be meant. */

function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, above[column]! + 1, current[column - 1]! + 1));
    }
    above = current;
  }
  return above[b.length]!;
}

/** Longer names are nobody's typing error, and would only cost time. */
const LONGEST = 64;

/** The nearest of `known`, or undefined when none is within a third of its length (at least two edits). */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  if (name.length > LONGEST) return undefined;
  const written = name.toLowerCase();
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(written, candidate.toLowerCase());
    const allowance = Math.max(2, Math.floor(candidate.length / 3));
    // What has nothing in common with a name is no spelling of it.
    const alike = distance < candidate.length && distance <= allowance;
    if (alike && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { candidate, distance };
    }
  }
  return best?.candidate;
}
