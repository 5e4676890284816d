import type { Kind } from '../../redaction/index.ts';
import * as make from './make.ts';

/** A text of the kind services send, with the part that must go. */
export interface Positive {
  kind: Kind;
  text: string;
  secret: string;
}

const next = make.random(20_261_124);

function fill(kind: Kind, secret: string, template: string): Positive {
  return { kind, secret, text: template.replaceAll('{}', () => secret) };
}

/** Where keys, tokens and addresses turn up: chat, code, logs, tool arguments, errors, traces. */
const PLACES = [
  'My key is {} but it says 401, why?',
  'client = OpenAI({}, timeout=30)',
  '{"role":"user","content":"use {} for the call"}',
  'curl -H "x-goog: {}" https://api.example.com/v1/models',
  '[{"type":"text","text":"line one\\n{}\\nline two"}]',
  'Error: Incorrect credentials provided: {}. You can find yours in the console.',
  'git clone failed for {}, retrying',
  '- {}',
];

const providers = Object.values(make.providerKeys(next)).map((key, i) =>
  fill('api_key', key, PLACES[i % PLACES.length]!),
);

const cut = make.providerKeys(next);
const odd: Positive[] = [
  fill('api_key', cut.anthropic!.slice(0, 31), 'The request was sent with {}'),
  fill('api_key', cut.aws!.slice(0, 12), 'aws configure set id {}'),
  fill('api_key', cut.openai_project!.slice(0, 24), 'key={}'),
  fill('api_key', `${cut.aws_session},${make.alnum(next, 40)}`, 'User,Access key,Secret\nbot,{}'),
  fill('api_key', cut.github!, 'https://example.com/?t%3D{}'),
];

const cards = make.CARDS.map(([prefix, length, groups], i) => {
  const number = make.cardNumber(next, prefix, length);
  const separator = ['', ' ', '-'][i % 3]!;
  const places = ['Card {}, exp 12/29', '{"pan":"{}"}', 'charged {} twice', 'PAN: {}\nCVV 123', '|{}|'];
  return fill('card', make.grouped(number, groups, separator), places[i % places.length]!);
});

const ibans = make.IBANS.flatMap(([country, shape], i) => {
  const number = make.ibanNumber(next, country, shape);
  return [
    fill('iban', i % 2 ? make.grouped(number, [4], ' ') : number, 'Bitte auf {} überweisen.'),
    fill('iban', make.ibanNumber(next, country, shape), '{"iban":"{}","bic":"XXXXDEFF"}'),
  ];
});

const emails = [
  ['ann.lee@example.com', 'Write to {} please'],
  ['j.o+tag@mail.example.co.uk', '<{}>'],
  ['ANN_LEE@EXAMPLE.ORG', 'From: Ann Lee <{}>\nTo: x'],
  ['user123@163.com', '{"email":"{}"}'],
  ["o'neil@example.ie", 'mailto:{}'],
  ['jörg@müller.example', 'Kontakt: {}, danke'],
  ['first-last@sub-domain.example.io', 'duplicate key value ({}) already exists'],
  ['x@y.zone', "WHERE email = '{}'"],
  ['dev@xn--bcher-kva.example', 'see {}.'],
  ['a1@b2.dev', 'cc {};bob'],
  ['ann\\u0040example.com', '{"to":"{}"}'],
  ['ann%40example.com', 'https://news.example.org/unsubscribe?u={}&k=1'],
  ['ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ', '連絡先は {} です'],
  ['ann@exam\u200bple.com', 'hidden {} here'],
  ['support@example.museum', 'Email:{}'],
].map(([secret, template]) => fill('email', secret!, template!));

const phones = [
  ['+14155550142', 'Call {} now'],
  ['+1 (415) 555-0142', 'My number is {}.'],
  ['+44 20 7946 0958', 'Ring {} after six'],
  ['+4915123456789', '{"phone":"{}"}'],
  ['+49 (0)30 123456-78', 'Tel.: {}'],
  ['+33 6 12 34 56 78', 'Appelez le {}'],
  ['+91-98765-43210', 'wa.me {}'],
  ['+86 138 0013 8000', '电话：{}'],
  ['(415) 555-0142', 'Reach me at {} or by mail'],
  ['415-555-0142', 'fax 2: {}'],
  ['415.555.0142', 'or {} (cell)'],
  ['1-800-555-0142', 'hotline {}'],
  ['06 12 34 56 78', 'Mon numéro : {}'],
  ['020 7946 0958', 'London office {}'],
  ['07700 900123', 'text {} when there'],
  ['0151 23456789', 'Handy {}'],
  ['090-1234-5678', '携帯は {} です'],
  ['0044 20 7946 0958', 'from abroad {}'],
  ['4155550142', 'phone number is {}'],
  ['612 345 678', 'móvil/phone: {}'],
  ['555 0142 33', 'Phone: {}'],
  ['(030) 1234567', 'Praxis {} anrufen'],
].map(([secret, template]) => fill('phone', secret!, template!));

const [jwtA, jwtB, jwtC] = [
  make.jsonWebToken(next),
  make.jsonWebToken(next, { typ: 'JWT', alg: 'HS256' }),
  make.jsonWebToken(next, { kid: 'k1', alg: 'ES256' }),
];
const jwts = [
  fill('jwt', jwtA, 'session {} expired'),
  fill('jwt', jwtB, '{"args":["{}"]}'),
  fill('jwt', jwtC, 'https://example.com/cb#{}'),
  fill('jwt', make.jsonWebToken(next), 'jwt malformed: {}'),
  fill('jwt', make.jsonWebToken(next), 'Set x to `{}` and retry'),
  fill('jwt', jwtA.slice(0, 40), 'invalid token {}'),
  fill('jwt', jwtB.slice(0, jwtB.lastIndexOf('.')), 'decoded {} ok'),
  fill('jwt', make.jsonWebToken(next), '\\"{}\\"'),
];

const pems = [
  fill('private_key', make.pemKey(next), 'here:\n{}\nthanks'),
  fill('private_key', make.pemKey(next, ''), '{}'),
  fill('private_key', make.pemKey(next, 'EC ', 2), 'cat key.pem\n{}\n$ '),
  fill('private_key', make.pemKey(next, 'OPENSSH '), 'My ssh key\n\n{}'),
  fill('private_key', make.pemKey(next).replaceAll('\n', '\\n'), '{"private_key":"{}\\n","x":1}'),
  fill('private_key', make.pemKey(next).replaceAll('\n', '\\\\n'), '{"arguments":"{\\"key\\":\\"{}\\"}"}'),
  fill('private_key', make.pemKey(next).slice(0, 200), 'cut: {}'),
  fill('private_key', make.pemKey(next, 'ENCRYPTED '), 'x {} y'),
];

const bearers = [
  [make.alnum(next, 40), 'Authorization: Bearer {}'],
  [make.alnum(next, 32), "headers: { 'Authorization': 'Bearer {}' }"],
  [make.hex(next, 40), 'curl -H "authorization: token {}" x'],
  [btoa('ann:hunter22'), 'Authorization: Basic {}'],
  [btoa('svc-user:correct horse'), '{"headers":{"authorization":"Basic {}"}}'],
  [`${make.alnum(next, 20)}.${make.alnum(next, 20)}`, 'sent Bearer {}, got 403'],
  [make.alnum(next, 24), 'proxy used bearer {}'],
  [make.alnum(next, 44), 'Authorization%3A%20Bearer%20{}'],
].map(([secret, template]) => fill('bearer_token', secret!, template!));

const urls = [
  ['app:s3cr3t', 'postgres://{}@db.internal:5432/app'],
  ['user:p%40ss', 'mongodb+srv://{}@cluster0.example.net/test?retryWrites=true'],
  [':hunter22', 'redis://{}@cache:6379/0'],
  ['root:p@ss/word', 'mysql://{}@10.0.0.5/shop'],
  ['bot:x-oauth', '"origin":"https://{}@git.example.com/a/b.git"'],
  ['guest:guest', 'amqp connect failed: amqp://{}@mq//'],
  ['svc:abc', 'Proxy http:\\/\\/{}@proxy:3128 refused'],
  ['deploy:tok3n', "fetch('https://{}@example.com/x')"],
].map(([secret, template]) => fill('url_credentials', secret!, template!));

const secrets = [
  ['hunter22', 'password={}'],
  ['hunter', '{"user":"ann","password":"{}"}'],
  ['correcthorse', 'POST /login?user=ann&password={}&next=/'],
  ['Tr0ub4dor', 'Password: {}\n'],
  ['p4ss!word', 'DB_PASSWORD="{}"'],
  ['swordfish9', "connect(host='db', passwd='{}')"],
  ['abcd1234EFGH', 'api_key: {}'],
  ['9f8e7d6c5b4a39281706', '{"apiKey": "{}"}'],
  ['9f8e7d6c5b4a39281707', '{\\"api_key\\":\\"{}\\"}'],
  [make.alnum(next, 40), 'aws_secret_access_key = {}'],
  [
    `${make.alnum(next, 40)}9/+==`,
    'DefaultEndpointsProtocol=https;AccountName=x;AccountKey={};EndpointSuffix=y',
  ],
  [make.hex(next, 32), 'client_secret={}&grant_type=client_credentials'],
  [make.alnum(next, 24), 'x-api-key: {}'],
  [make.alnum(next, 30), '"refresh_token":"{}"'],
  [make.alnum(next, 30), 'access_token={}&scope=all'],
  [make.hex(next, 32), 'Ocp-Apim-Subscription-Key: {}'],
  ['kennwort7', 'Passwort: {}'],
  [`${make.alnum(next, 40)}%3D`, 'https://x.blob.example.net/c?sv=2024&sig={}'],
  ['mysecretvalue12', 'export CLIENT_SECRET={}'],
  ['hunter23', 'ADO: Server=x;Uid=sa;Pwd={};'],
].map(([secret, template]) => fill('secret', secret!, template!));

export const POSITIVES: Positive[] = [
  ...providers,
  ...odd,
  ...cards,
  ...ibans,
  ...emails,
  ...phones,
  ...jwts,
  ...pems,
  ...bearers,
  ...urls,
  ...secrets,
];
