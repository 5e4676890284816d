/** What can be found. The label left in the text is `[REDACTED:<kind>]`. */
export const KINDS = [
  'api_key',
  'bearer_token',
  'card',
  'email',
  'iban',
  'jwt',
  'phone',
  'private_key',
  'secret',
  'url_credentials',
] as const;

export type Kind = (typeof KINDS)[number];

/** Opens every label. Detectors treat it as a wall, so a label is never taken for a secret. */
export const LABEL_OPEN = '[REDACTED:';

const LABELS = Object.fromEntries([...KINDS, 'error'].map((kind) => [kind, `${LABEL_OPEN}${kind}]`]));

/** The label that stands for a finding of this kind; plain ASCII without quotes, safe inside JSON strings. */
export function label(kind: Kind | 'error'): string {
  return LABELS[kind]!;
}
