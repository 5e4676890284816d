/** Rows as text in columns, numbers to the right. */
export function table(
  header: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  const shown = rows.map((row) => row.map((cell) => (cell === null ? '–' : String(cell))));
  const widths = header.map((name, column) =>
    Math.max(name.length, ...shown.map((row) => row[column]!.length)),
  );
  const isNumber = header.map((_, column) =>
    rows.every((row) => row[column] === null || /^[-+$]?[\d.,]+%?$/.test(String(row[column]))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [line(header), ...shown.map(line)].join('\n');
}

/** What rounds to nothing has no sign. */
export function usd(value: number | null): string | null {
  return value === null ? null : value.toFixed(Math.abs(value) < 1 ? 6 : 2).replace(/^-(?=[0.]+$)/, '');
}
