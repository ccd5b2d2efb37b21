import { badArgument, hasControls } from '../checks.ts';

const maxLength = 2048;

/**
 * A `file:///absolute/path` of the hosts, as it is. A percent sign, `?` and `#` are refused: whether they belong to the file's name
 * would be a guess. Throws KvmError `invalid-argument`.
 */
export function checkImageUrl(url: string): string {
  const refuse = (text: string): never => {
    throw badArgument('url', text);
  };
  if (/^https?:/i.test(url)) {
    refuse(
      'images are not downloaded; copy the file to the same path of each host and add it as file:///that/path',
    );
  }
  if (url.length > maxLength) refuse(`must have at most ${maxLength} characters`);
  if (!url.startsWith('file:///'))
    refuse('must be file:// and an absolute path of the hosts, e.g. file:///srv/images/debian.qcow2');
  const path = url.slice('file://'.length);
  if (hasControls(path) || path !== path.trim()) {
    refuse('the path must not contain control characters or end with a space; rename the file');
  }
  if (/[%?#\\]/.test(path)) refuse('the path must not contain %, ?, # or \\; rename the file');
  const parts = path.split('/').slice(1);
  if (parts.some((part) => part === '..' || part === '.' || part === '')) {
    refuse('the path must name a file directly, without "..", "." or empty parts');
  }
  if (/^\/(?:dev|proc|sys)\//.test(path)) refuse('must be a file, not something in /dev, /proc or /sys');
  return url;
}
