import { DOMParser, type Element, type Node } from '@xmldom/xmldom';
import { KvmError } from './errors.ts';

/** One element of an XML text, as small as readers need it. */
export interface XmlElement {
  /** Without a prefix. */
  readonly name: string;
  /** The URI of its namespace; undefined when it has none. */
  readonly namespace: string | undefined;
  /** By their names as written. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own text and CDATA, without that of its children. */
  readonly text: string;
}

/** libvirt nests some ten deep. */
const maxDepth = 64;
/** A domain's definition has some 10 KiB. */
const usualMaxBytes = 4 * 1024 * 1024;

/**
 * Reads an XML document from a host, which may be hostile: no DOCTYPE (so no entities of its own), at most `maxBytes` UTF-8 bytes
 * (default 4 MiB) and 64 levels. Throws KvmError `command-failed` for anything else; never prints.
 */
export function parseXml(text: string, options: { readonly maxBytes?: number } = {}): XmlElement {
  const { maxBytes = usualMaxBytes } = options;
  if (text.length > maxBytes || Buffer.byteLength(text) > maxBytes) {
    throw unreadable(`it has more than ${maxBytes} bytes`);
  }
  if (/<!(?:doctype|entity)/i.test(text)) throw unreadable('it has a DOCTYPE, which libvirt never writes');
  if (isDeeperThan(text, maxDepth)) throw unreadable(`it is nested deeper than ${maxDepth} levels`);
  return treeOf(rootOf(text), 0);
}

function rootOf(text: string): Element {
  let root: Element | null;
  try {
    const parser = new DOMParser({
      locator: false,
      // XML 1.0 §2.11; the parser's own way is that of 1.1, which takes a name's U+2028 for a line end.
      normalizeLineEndings: (source) => source.replaceAll(/\r\n?/g, '\n'),
      onError: (level, message) => {
        if (level !== 'warning') throw new Error(message);
      },
    });
    root = parser.parseFromString(text, 'text/xml').documentElement;
  } catch {
    // What the parser says would quote the text.
    throw unreadable('it is not well-formed');
  }
  if (root === null) throw unreadable('it is empty');
  return root;
}

function treeOf(element: Element, depth: number): XmlElement {
  if (depth >= maxDepth) throw unreadable(`it is nested deeper than ${maxDepth} levels`);
  const children: XmlElement[] = [];
  const texts: string[] = [];
  for (let node: Node | null = element.firstChild; node !== null; node = node.nextSibling) {
    if (isElement(node)) children.push(treeOf(node, depth + 1));
    else if (node.nodeType === node.TEXT_NODE || node.nodeType === node.CDATA_SECTION_NODE) {
      texts.push(node.nodeValue ?? '');
    }
  }
  const attributes = new Map<string, string>();
  for (const attribute of element.attributes) attributes.set(attribute.name, attribute.value);
  return {
    name: element.localName ?? element.tagName,
    namespace: element.namespaceURI ?? undefined,
    attributes,
    children,
    text: texts.join(''),
  };
}

/** Counts tags before anything is built of them; comments and quoted `>` may make it count wrongly, which the tree's own limit covers. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (const [tag] of text.matchAll(/<\/?[A-Za-z_:][^<>]*/g)) {
    if (tag.startsWith('</')) depth -= 1;
    else if (!tag.endsWith('/')) depth += 1;
    if (depth > limit * 4) return true;
  }
  return false;
}

function isElement(node: Node): node is Element {
  return node.nodeType === node.ELEMENT_NODE;
}

function unreadable(why: string): KvmError {
  return new KvmError(
    'command-failed',
    `the XML of the host cannot be read: ${why}; see virsh dumpxml on the host`,
  );
}

/** The first child of that name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** All children of that name. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The trimmed text of the first child of that name; undefined when there is none or it is empty. */
export function textOf(element: XmlElement | undefined, name: string): string | undefined {
  const text = childOf(element, name)?.text.trim();
  return text === '' ? undefined : text;
}
