import { IncomingMessage } from 'node:http';
import { isStreamPath } from './kinds.ts';

/**
 * A request of which Node sees an upgrade only when it is one to a WebSocket of ours. Node hands every request with an Upgrade
 * header to the listener of upgrades as soon as there is one, and would take it from the routes: clients that offer h2c with each
 * call (Java's HttpClient, `curl --http2`) must be answered over HTTP/1.1 as ever. RFC 9110 §7.8
 */
export class FilteredRequest extends IncomingMessage {
  // Without an initial value: the base class sets `upgrade` before fields of this class exist.
  declare private asked: boolean | null;

  get upgrade(): boolean {
    if (this.asked !== true || this.method !== 'GET') return false;
    return this.headers.upgrade?.toLowerCase() === 'websocket' && isStreamPath(this.url ?? '');
  }

  set upgrade(value: boolean | null) {
    this.asked = value;
  }
}
