/** The project's own files, as text, with what they import. Read once for all rules. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';

export interface Source {
  /** Relative to the repository, with forward slashes. */
  path: string;
  text: string;
  lines: number;
  /** As the file writes them: packages and `node:` modules. */
  packages: string[];
  /** Files of the repository, relative to it. */
  files: string[];
}

export const root = fileURLToPath(new URL('../..', import.meta.url));

const OUTSIDE = /(^|\/)(node_modules|dist|coverage|\.git|\.cache|\.plumbline)(\/|$)/;
/** Static, dynamic and required alike; types too, since they tie files together as much. */
const IMPORT =
  /(?:^(?:import|export|\})[^'"\n]*\bfrom\s*|^import\s+|\bimport\(|\brequire(?:\.resolve)?\()\s*['"]([@\w.][\w@./-]*)['"]/gm;

/** Every file of the repository with one of the endings, dot files too. */
export function pathsOf(...endings: string[]): string[] {
  const found = globSync(['**/*', '**/.*', '.*/**'], { cwd: root, exclude: (path) => OUTSIDE.test(path) });
  const paths = found.map((path) => path.replaceAll('\\', '/'));
  return [...new Set(paths)].filter((path) => endings.some((ending) => path.endsWith(ending))).sort();
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function read(path: string): Source {
  const text = textOf(path);
  const imports = [...text.matchAll(IMPORT)].map(([, specifier]) => specifier!);
  return {
    path,
    text,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    packages: imports.filter((specifier) => !specifier.startsWith('.')),
    files: imports
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => join(dirname(path), specifier)),
  };
}

export const sources: readonly Source[] = pathsOf('.ts', '.tsx', '.mjs').map(read);

/** The folder under the root that a file lies in: `collector`, `schemas`, ...; empty for the root itself. */
export function partOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}

export const isTest = ({ path }: Source): boolean => partOf(path) === 'test';
export const isMain = ({ path }: Source): boolean => path === 'main.ts' || path.endsWith('/main.ts');
