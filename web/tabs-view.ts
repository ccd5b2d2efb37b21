import { announce } from './announce.ts';
import type { Page, PartOfPage } from './context.ts';
import { byId, onClick } from './dom.ts';
import { choose, shownView, type View } from './state/model.ts';

const views = ['serial', 'screen'] as const;

/** Serial or screen: what there is, or what the person chose. Arrow keys move between the tabs. */
export function createTabsView(page: Page, shown: (view: View) => void): PartOfPage {
  const tabs = views.map((view) => ({
    view,
    tab: byId(`tab-${view}`, HTMLButtonElement),
    panel: byId(view, HTMLElement),
    tools: byId(`${view}-tools`, HTMLElement),
  }));
  for (const { view, tab } of tabs) {
    onClick(tab, () => page.change((was) => choose(was, view)));
    tab.addEventListener('keydown', ({ key }) => {
      if (key !== 'ArrowLeft' && key !== 'ArrowRight') return;
      const other = tabs.find((one) => one.view !== view && !one.tab.disabled);
      other?.tab.focus();
      other?.tab.click();
    });
  }
  let last: View | undefined;
  return {
    render(now) {
      const current = shownView(now);
      for (const { view, tab, panel, tools } of tabs) {
        const active = view === current;
        tab.ariaSelected = String(active);
        tab.tabIndex = active ? 0 : -1;
        tab.disabled = view === 'screen' && !now.screen;
        tab.title = tab.disabled ? 'This machine shows no screen now' : '';
        panel.hidden = !active;
        tools.hidden = !active;
      }
      if (current === last) return;
      if (last !== undefined) {
        announce(current === 'screen' ? 'The screen is shown now' : 'The serial console is shown now');
      }
      last = current;
      shown(shownView(now));
    },
  };
}
