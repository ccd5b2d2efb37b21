import { rewoundText } from '../src/console/protocol.ts';
import { createBannerView } from './banner-view.ts';
import { connect, keptText } from './connection.ts';
import type { Page, PartOfPage } from './context.ts';
import { byId } from './dom.ts';
import { createHeaderView } from './header-view.ts';
import { createKeyboardView } from './keyboard-view.ts';
import { createRecordView } from './record-view.ts';
import { createScreenView } from './screen-view.ts';
import { createSearchView } from './search-view.ts';
import { createSerialView } from './serial-view.ts';
import { applyMessage, disconnected, emptyModel, keyboardOf } from './state/model.ts';
import { createReceived } from './state/received.ts';
import { parseKept, ticketOf } from './state/ticket.ts';
import { createTabsView } from './tabs-view.ts';
import { createTerminal } from './terminal.ts';
import { createTimelineView } from './timeline-view.ts';

const fragment = ticketOf(location.hash);
// The ticket must not stay in the address bar, the history or a bookmark.
if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);
// A new link in the same tab changes the fragment only.
addEventListener('hashchange', () => {
  if (ticketOf(location.hash) !== undefined) location.reload();
});

let model = emptyModel;
let parts: readonly PartOfPage[] = [];
let queued = false;
const draw = (): void => {
  queued = false;
  for (const part of parts) part.render(model, Date.now());
};
/** Draws soon, once for everything that came together; a page out of sight draws too, or it would hold back keys. */
const drawSoon = (): void => {
  if (queued) return;
  queued = true;
  setTimeout(draw, 16);
};

const output = createTerminal(byId('terminal', HTMLElement), () => keyboardOf(model) === 'mine');
const received = createReceived();
const showSession = createBannerView(() => connection);

const connection = connect(fragment === undefined ? parseKept(keptText()) : { ticket: fragment }, {
  session(session) {
    showSession(session);
    if (session.phase !== 'open') model = disconnected(model);
    drawSoon();
  },
  message(message) {
    const before = model.marks;
    // Typed bytes have no number of their own.
    if (message.type === 'done' && message.request === 0) serial.refused(message.error ?? '');
    model = applyMessage(model, message, Date.now());
    const { start } = connection.session().output;
    if (message.type === 'mark' && model.marks !== before && start !== undefined && message.offset >= start) {
      output.rule(message.text ?? message.kind, message.kind === 'gap' ? 'bad' : 'plain');
    }
    drawSoon();
  },
  output(bytes, offset, missing) {
    if (missing > 0) output.rule(`${missing} bytes are missing here`, 'bad');
    received.add(bytes);
    output.write(bytes, offset);
    drawSoon();
  },
  past: (until) => output.past(until),
  rewound: () => output.rule(rewoundText, 'bad'),
  clear() {
    received.clear();
    output.clear();
    model = { ...model, marks: [] };
  },
});

const page: Page = {
  connection,
  model: () => model,
  change(to) {
    model = to(model);
    draw();
  },
};
const serial = createSerialView(page, output);
const record = createRecordView(page, output, received);
parts = [
  createHeaderView(page),
  createTabsView(page, () => output.fit()),
  createKeyboardView(page, () => output.terminal.focus()),
  serial,
  createScreenView(page),
  createTimelineView(connection, (offset) => record.show({ offset, line: '' })),
  record,
];
createSearchView(page, output, record.show);
new ResizeObserver(() => output.fit()).observe(byId('terminal-box', HTMLElement));
setInterval(draw, 1000);
draw();
