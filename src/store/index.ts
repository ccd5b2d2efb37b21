export { openStore, type Store } from './store.ts';
