/** Reads the little XML that configurations are made of. Throws an Error where it is not well-formed. */

export interface Element {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Element[];
}

const TOKEN = /<!--[\s\S]*?-->|<\/([\w.-]+)\s*>|<([\w.-]+)((?:\s+[\w.-]+="[^"<]*")*)\s*(\/?)>|[^<]+/g;

export function parseXml(text: string): Element {
  const top: Element = { name: '', attributes: {}, text: '', children: [] };
  const open = [top];
  let read = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [token, closed, opened, attributes = '', empty] = match;
    if (match.index !== read) throw new Error(`not XML: ${text.slice(read, read + 60)}`);
    read += token.length;
    const current = open.at(-1)!;
    if (closed !== undefined) {
      if (current.name !== closed) throw new Error(`</${closed}> closes <${current.name}>`);
      open.pop();
    } else if (opened !== undefined) {
      const pairs = [...attributes.matchAll(/([\w.-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]);
      const element = { name: opened, attributes: Object.fromEntries(pairs), text: '', children: [] };
      current.children.push(element);
      if (!empty) open.push(element);
    } else if (!token.startsWith('<!--')) current.text += token.trim();
  }
  if (read !== text.length) throw new Error(`not XML: ${text.slice(read, read + 60)}`);
  if (open.length > 1) throw new Error(`<${open.at(-1)!.name}> is not closed`);
  if (top.children.length !== 1 || top.text !== '') throw new Error('there must be one root element');
  return top.children[0]!;
}

/** The element at the end of a path of names. Throws an Error when there is none. */
export function elementAt(element: Element, ...path: string[]): Element {
  return path.reduce((parent, name) => {
    const child = parent.children.find((one) => one.name === name);
    if (!child) throw new Error(`<${parent.name}> has no <${name}>`);
    return child;
  }, element);
}
