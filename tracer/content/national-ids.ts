/**
 * National identity numbers, each with its check: ten random digits pass a check in one case of ten or so, which is
 * why they are looked for only where somebody asks for a country. Patterns are bounded and linear.
 */

const DIGITS = (text: string): number[] => [...text.replace(/\D/g, '')].map(Number);

const sumBy = (digits: number[], weights: readonly number[]): number =>
  weights.reduce((total, weight, index) => total + weight * (digits[index] ?? 0), 0);

const LETTERS_ES = 'TRWAGMYFPDXBNJZSQVHLCKE';

const checks = {
  /** Social security number: no check digit, but groups that are never given out. */
  us_ssn: {
    pattern: /(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g,
    holds: () => true,
  },
  /** National insurance number. */
  gb_nino: {
    pattern:
      /(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)/g,
    holds: () => true,
  },
  /** DNI and NIE: the letter is the number modulo 23. */
  es_dni: {
    pattern: /(?<!\w)[XYZ\d]\d{7}-?[A-Z](?!\w)/g,
    holds: (text: string) => {
      const number = text.replace(/\D/g, '');
      const lead = { X: '0', Y: '1', Z: '2' }[text[0] as 'X' | 'Y' | 'Z'] ?? '';
      return LETTERS_ES[Number(lead + number) % 23] === text.at(-1);
    },
  },
  /** NIR: two digits of key, 97 less the number modulo 97. */
  fr_nir: {
    pattern: /(?<!\w)[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\w)/g,
    holds: (text: string) => {
      const plain = text.replaceAll(' ', '').replace('2A', '19').replace('2B', '18');
      return 97n - (BigInt(plain.slice(0, 13)) % 97n) === BigInt(plain.slice(13));
    },
  },
  /** Tax identification number: ISO 7064 mod 11,10. */
  de_steuer_id: {
    pattern: /(?<!\w)[1-9]\d ?\d{3} ?\d{3} ?\d{3}(?!\w)/g,
    holds: (text: string) => {
      const digits = DIGITS(text);
      const product = digits.slice(0, 10).reduce((carry, digit) => {
        const sum = (digit + carry) % 10 || 10;
        return (sum * 2) % 11;
      }, 10);
      return (11 - product) % 10 === digits[10];
    },
  },
  /** BSN: the eleven test. */
  nl_bsn: {
    pattern: /(?<!\w)\d{9}(?!\w)/g,
    holds: (text: string) => sumBy(DIGITS(text), [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
  },
  /** PESEL. */
  pl_pesel: {
    pattern: /(?<!\w)\d{11}(?!\w)/g,
    holds: (text: string) => sumBy(DIGITS(text), [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
  },
  /** CPF: two check digits. */
  br_cpf: {
    pattern: /(?<!\w)\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?!\w)/g,
    holds: (text: string) => {
      const digits = DIGITS(text);
      if (new Set(digits).size === 1) return false;
      const check = (count: number): number =>
        ((sumBy(
          digits,
          Array.from({ length: count }, (_, index) => count + 1 - index),
        ) *
          10) %
          11) %
        10;
      return check(9) === digits[9] && check(10) === digits[10];
    },
  },
} as const satisfies Record<string, { pattern: RegExp; holds(text: string): boolean }>;

/** Which countries' numbers can be asked for. */
export type NationalId = keyof typeof checks;

/** The text with every number of the kinds asked for that passes its check replaced by `[REDACTED:<kind>]`. */
export function redactNationalIds(text: string, kinds: readonly NationalId[]): string {
  let redacted = text;
  for (const kind of kinds) {
    const { pattern, holds } = checks[kind];
    redacted = redacted.replace(pattern, (found) => (holds(found) ? `[REDACTED:${kind}]` : found));
  }
  return redacted;
}
