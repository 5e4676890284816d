/** Texts to measure with, repeated to any length: what services send, and what would hurt a careless detector. */
const PROSE = `The customer asked why the second invoice was higher than the first. Looking at the usage of
November 2026, the account made 12,431 requests, most of them to gpt-4o-2024-08-06, with an average of 1,204 input
tokens (p95: 8.2k). The increase - about 18% - comes from the new summarisation feature; see ticket #4821 and commit
e83c516. Next steps: (1) cap max_tokens at 512, (2) cache the system prompt, (3) compare with claude-sonnet-4-5.\n`;

const CODE = `export async function fetchUser(id: string): Promise<User> {
  const response = await fetch(\`https://api.example.com/v1/users/\${id}?fields=name,plan\`);
  if (!response.ok) throw new Error('status: ' + response.status);
  const user_data = (await response.json()) as User; // cached for 300_000 ms
  return { ...user_data, token_count: user_data.items.length * 1.25 };
}\n`;

export const TYPICAL: Record<string, string> = {
  prose: PROSE,
  code: CODE,
  'JSON messages, escaped': `${JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: PROSE + CODE }] }])},`,
  'JSON in JSON': JSON.stringify(JSON.stringify({ arguments: { query: PROSE, limit: 10 } })),
  'prose with an address in 2 KB': `${PROSE.repeat(4)} Contact ann.lee@example.com for more. `,
  German: 'Die Größe der Datei beträgt 1.234,5 MB – das ist für „heute“ zu viel; bitte später prüfen.\n',
  Chinese: '今天的会议在三点开始，请准时参加。如果不能参加，请提前告诉我们：谢谢！\n',
};

export const HOSTILE: Record<string, string> = {
  at: '@',
  'a.': 'a.',
  'a@': 'a@',
  'a@a.': 'a@a.',
  addresses: 'a@b.co ',
  digit: '1',
  'digits and dashes': '1-2345-',
  'digits and blanks': '4111 1111 ',
  'digit groups': '1 2 3 4 ',
  sevens: '4155552 ',
  'zero groups': '0123 456 ',
  'phone words': 'tel 1234567x ',
  plus: '+',
  'plus digits': '+4930123',
  bracket: '(030',
  'open brackets': '(',
  eyJ: 'eyJ',
  'eyJ.': 'eyJ.',
  'eyJ blank': 'eyJhYWFh ',
  dash: '-',
  BEGIN: '-----BEGIN',
  'BEGIN key': '-----BEGIN PRIVATE KEY-----',
  'BEGIN key END': '-----BEGIN PRIVATE KEY----- -----END',
  'sk-': 'sk-',
  'sk- blank': ' sk-ant-x',
  'xox-': 'xoxb-',
  ghp_: 'ghp_',
  _: '_',
  AKIA: 'AKIA',
  AIza: 'AIza',
  A: 'A',
  'token=': 'token=',
  'token:': 'token:',
  'password="': 'password="',
  'password: ': 'password: ',
  api_key: 'api_key = ',
  'mixed quotes': `token="token='token=\``,
  colon: ':',
  equals: '=',
  '://': '://a:',
  '://@': '://a:b@',
  '://a:/': '://a:b/@c/d/',
  bearer: 'bearer ',
  'Bearer b': 'Bearer bbbbbbb',
  Basic: 'Basic QUFBQUFBQUE ',
  DE: 'DE12 3456 ',
  backslash: '\\',
  'backslash u': '\\u0040',
  'backslash ud835': '\\ud835\\udfce',
  percent: '%',
  '%25': '%25',
  '%40': '%40',
  'full-width': '４',
  'full-width @': '＠',
  'zero width': '\u200b',
  ligature: 'ﬃ',
  'math digits': '𝟒',
  blanks: ' ',
  quotes: '"',
  'byte pairs': '01 02 03 04 ',
  'lone zeros': '%0 0 0 4',
  'long zeros': '000 ',
  'area codes': '(01)',
  'American starts': '415-555-',
  'words before numbers': 'on 1 ',
  'words of telephones': 'call me on 1x ',
  'card in groups': '4111 ',
  'card in one piece': '4111111111111112 ',
  'cards in groups and pieces': '4111 411111111111111111 ',
  'lists of numbers': '+442079460958, 5550101, ',
  'versions after @': 'e@1.14',
  'quoted secrets': 'password="aaaa"',
  'names of secrets': 'accountkey=',
  'pages of tokens': 'page_token=a1',
  'eyJ in values': 'eyJ1eyJpwd:I`T;',
};

/**
 * What a search for the slowest text came to (random changes, the slowest kept): every trigger close to the
 * next one, escapes that ask for a second reading, and findings that bring others into view, pass after pass.
 */
export const SEARCHED: Record<string, string> = {
  'one pass': 'pwd=%pA1@=40＠4@01ty.ru2026k11EJ4-45s51t.1Z45-@5.11bt.1',
  'two passes': "+1 (4155-30:Je@5ASIAa\\pwd='pws'\u200b",
  'six passes': '020 79 020 29 09 28-456789+86 13013ﬃ ;000',
};
