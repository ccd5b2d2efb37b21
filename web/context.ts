import type { Connection } from './connection.ts';
import type { Model } from './state/model.ts';

/** What every view works with. */
export interface Page {
  readonly connection: Connection;
  readonly model: () => Model;
  /** Changes the model and draws the page again. */
  change(to: (model: Model) => Model): void;
}

/** A part of the page: draws what it shows of the model; called after each change, and once a second for what counts time. */
export interface PartOfPage {
  render(model: Model, now: number): void;
}
